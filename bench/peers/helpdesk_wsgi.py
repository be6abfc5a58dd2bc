"""The WSGI application of the bench's django-helpdesk."""

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
