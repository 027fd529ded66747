"""The demo waits while its servers start, and prints address and logins in the end."""

import http.server
import threading

import pytest

from dropout_portal import demo


class Running:
    """Servers that run on."""

    def poll(self):
        return None


class Ended:
    """Servers that ended."""

    def poll(self):
        return 1


@pytest.fixture
def slow():
    """A server that says 503 five times before it is ready; yields its port."""
    asked = []

    class Starting(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200 if len(asked) > 5 else 503)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Starting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield str(server.server_port)
        server.shutdown()


def test_it_waits_while_they_start_and_says_so(slow, monkeypatch, capsys):
    monkeypatch.setattr(demo, "WORD_EVERY_SECONDS", 0)

    assert demo._is_ready(slow, Running())
    assert "still starting" in capsys.readouterr().out


def test_it_does_not_wait_for_what_ended(slow):
    assert not demo._is_ready(slow, Ended())


@pytest.mark.parametrize(("is_ready", "words"), [(True, "is ready"), (False, "not ready yet")])
def test_address_and_logins_are_printed_either_way(is_ready, words, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(demo, "VAR_DIR", tmp_path)
    (tmp_path / "demo.json").write_text(
        '{"url": "http://here/", "users": {"a": {"login": "amara", "password": "long", "role": "counsellor"}}}'
    )

    demo._welcome(is_ready=is_ready)

    told = capsys.readouterr().out
    assert all(part in told for part in (words, "http://here/", "amara", "long"))
