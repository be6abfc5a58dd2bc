"""A member of staff with a browser: cookies, CSRF tokens, and forms as they stand on the page."""

import re
from typing import Any

from aiohttp import ClientResponse, ClientWebSocketResponse
from aiohttp.test_utils import TestClient

from bot.store.tables import Agent

PASSWORD = "correct horse battery"
API = "/api/v1/staff"


def token_in(page: str) -> str:
    """Return the CSRF token of a page: hidden field or meta tag."""
    found = re.search(r'name="csrf" (?:value|content)="([^"]+)"', page)
    assert found, page
    return found.group(1)


class StaffClient:
    """Speaks to the console as a browser would."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.agent: Agent | None = None
        self.csrf = ""

    async def log_in(
        self, login: str, password: str = PASSWORD, *, headers: dict[str, str] | None = None, next_page: str = ""
    ) -> ClientResponse:
        """Fill in the login form; afterwards `csrf` is the session's token, if it worked."""
        form = await self.client.get("/console/login")
        fields = {"csrf": token_in(await form.text()), "login": login, "password": password, "next": next_page}
        answer = await self.client.post(
            "/console/login", data=fields, headers=headers or {}, allow_redirects=False
        )
        if answer.status == 303:
            self.csrf = token_in(await self.page(answer.headers["Location"]))
        return answer

    async def page(self, path: str) -> str:
        """Return a page's HTML, following redirects."""
        answer = await self.client.get(path)
        assert answer.status == 200, (answer.status, await answer.text())
        return await answer.text()

    async def get(self, path: str) -> Any:
        """Return what the staff API answers."""
        answer = await self.client.get(API + path)
        assert answer.status == 200, (answer.status, await answer.text())
        return await answer.json()

    async def post(self, path: str, body: Any = None, **options: Any) -> ClientResponse:
        """Send JSON to the staff API with the CSRF token, unless other headers are given."""
        headers = options.pop("headers", {"X-CSRF-Token": self.csrf})
        return await self.client.post(API + path, json=body if body is not None else {}, headers=headers, **options)

    async def post_form(self, path: str, **fields: str | list[str]) -> ClientResponse:
        """Send a form with the CSRF token."""
        return await self.client.post(path, data={"csrf": self.csrf, **fields}, allow_redirects=False)

    async def live(self) -> ClientWebSocketResponse:
        """Connect as the pages do."""
        return await self.client.ws_connect(f"{API}/ws", headers={"Origin": self.origin})

    @property
    def session_cookie(self) -> str:
        """The session's token as the browser keeps it."""
        return self._cookie("rightsdesk_staff")

    @property
    def login_token(self) -> str:
        """The token of the login form shown last."""
        return self._cookie("rightsdesk_login")

    def _cookie(self, name: str) -> str:
        url = self.client.make_url("/console/login")
        return self.client.session.cookie_jar.filter_cookies(url)[name].value

    @property
    def origin(self) -> str:
        """The origin that a browser would name."""
        return str(self.client.make_url("/")).rstrip("/")
