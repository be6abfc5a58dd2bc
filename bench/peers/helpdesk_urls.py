"""Addresses of the bench's django-helpdesk, as its installation guide tells, and its WSGI application."""

from django.contrib import admin
from django.core.wsgi import get_wsgi_application
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("", include("helpdesk.urls", namespace="helpdesk"))]


def application(environ: dict[str, object], start_response: object) -> object:
    """Serve one request; Django is set up by the first."""
    global application
    application = get_wsgi_application()
    return application(environ, start_response)
