"""The close codes stand in the server and in the browser; both must mean the same by them."""

import re
from pathlib import Path

from sessions.protocol.codes import Close

SOCKET = Path(__file__).resolve().parents[2] / "static" / "js" / "sync" / "socket.js"


def test_the_browser_has_the_close_codes_of_the_server() -> None:
    table = SOCKET.read_text().split("export const CLOSE = Object.freeze({")[1].split("});")[0]
    codes = {name: int(code) for name, code in re.findall(r"(\w+): (\d+),", table)}
    assert codes == {close.name: close.value for close in Close}
