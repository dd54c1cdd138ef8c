"""The web process: pages and API over HTTP, browser websockets through Channels."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "flora_site.settings")
application = get_asgi_application()
