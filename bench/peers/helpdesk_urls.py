"""Addresses of the bench's django-helpdesk, as its installation guide tells, and its WSGI application."""

from django.contrib import admin
from django.core.handlers.wsgi import WSGIHandler
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("", include("helpdesk.urls", namespace="helpdesk"))]


class _Application:
    """Sets Django up with the first request: these addresses are read by Django itself as well."""

    _handler: WSGIHandler | None = None

    def __call__(self, environ: dict[str, object], start_response: object) -> object:
        if self._handler is None:
            import django

            django.setup(set_prefix=False)
            self._handler = WSGIHandler()
        return self._handler(environ, start_response)


application = _Application()
