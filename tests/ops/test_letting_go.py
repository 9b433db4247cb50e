"""What a request was made of is gone when it is answered, without waiting for the garbage collector."""

import gc
from weakref import ref

import httpx
import pytest
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.http.response import HttpResponseBase

from helix.asgi import http

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/accounts/login/"), ("POST", "/api/v1/flows"), ("POST", "/login/")]
)
async def test_a_request_goes_with_its_answer(monkeypatch: pytest.MonkeyPatch, method: str, path: str) -> None:
    requests, answers = [], []
    get_response = ASGIHandler.get_response_async

    async def kept(self: ASGIHandler, request: ASGIRequest) -> HttpResponseBase:
        requests.append(ref(request))
        answer = await get_response(self, request)
        answers.append(ref(answer))
        return answer

    monkeypatch.setattr(ASGIHandler, "get_response_async", kept)
    gc.disable()
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(http), base_url="http://localhost") as client:
            answer = await client.request(method, path, content=b"k=v" * 1000)
        assert answer.status_code in (200, 401, 403)
        assert len(requests) == 1
        assert [vars(alive) for request in requests if (alive := request()) is not None] in ([], [{}])
        assert [kept() for kept in answers] == [None]
    finally:
        gc.enable()
