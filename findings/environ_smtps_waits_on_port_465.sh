#!/usr/bin/env bash
# `smtps://mail.example:465` does not speak TLS from the first byte: django-environ turns it into STARTTLS.
#
# Everywhere else an "s" behind a scheme means TLS at once, and 465 is the port for that. With django-environ `smtps` and
# `smtp+tls` both set EMAIL_USE_TLS, with which Django opens a plain line and waits for the server's greeting; a server
# on 465 waits for the client's handshake meanwhile. Both wait until the time-out, and for ever without one. TLS at once
# is `smtp+ssl`.
#
# It matters here because EMAIL_URL is read by it: docs/settings.md says which scheme is which, and EMAIL_TIMEOUT is set,
# which Django leaves at none.
# Seen with django-environ 0.14.0 and Django 5.2.19.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check django==5.2.19 django-environ==0.14.0 \
    2>"$folder/pip" || { cat "$folder/pip"; exit 1; }
cat >"$folder/run.py" <<'PYTHON'
import importlib.metadata
import smtplib
import socket
import time

import django
import environ
from django.conf import settings
from django.core.mail import get_connection

settings.configure()
print("django-environ", importlib.metadata.version("django-environ"), "Django", django.__version__)
found = {}
for scheme in ("smtps", "smtp+tls", "smtp+ssl"):
    read = environ.Env.email_url_config(f"{scheme}://mail.example:465")
    found[scheme] = sorted(name for name in read if name.startswith("EMAIL_USE"))
    print(scheme, found[scheme])
assert found == {"smtps": ["EMAIL_USE_TLS"], "smtp+tls": ["EMAIL_USE_TLS"], "smtp+ssl": ["EMAIL_USE_SSL"]}
print("Django's time-out:", settings.EMAIL_TIMEOUT)
assert settings.EMAIL_TIMEOUT is None

# A server that waits for the client to speak first, as one that speaks TLS from the first byte does.
with socket.create_server(("127.0.0.1", 0)) as server:
    began = time.monotonic()
    try:
        get_connection(
            "django.core.mail.backends.smtp.EmailBackend",
            host="127.0.0.1",
            port=server.getsockname()[1],
            use_tls=True,
            timeout=2,
        ).open()
        ended = "opened"
    except smtplib.SMTPServerDisconnected as error:
        ended = str(error)
    waited = time.monotonic() - began
print(f"against such a server: {ended} after {waited:.0f} s")
assert ended.endswith("timed out") and waited > 1.5
PYTHON
"$folder/venv/bin/python" "$folder/run.py"
echo "As recorded: smtps:// is STARTTLS, and waits where TLS begins at once."
