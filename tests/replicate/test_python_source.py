"""Secrets in a configuration's Python: none stays, whatever its shape, and the code does the same."""

import ast

import pytest

from jupyter_2i2c.replicate.importers.python_source import (
    loaded_files,
    redacted,
    variables_read,
    without_comments,
)
from jupyter_2i2c.replicate.redact import NO_SECRET_NAME, SECRET_NAME
from jupyter_2i2c.replicate.sandbox.recorder import Rules


def rules(**known):
    return Rules(
        SECRET_NAME.pattern, NO_SECRET_NAME.pattern, {value: slot for slot, value in known.items()}
    )


SHAPES = {
    "a literal": "c.X.password = 'CANARY-7f3a'",
    "a short one": "c.X.password = 'CANARY'",
    "bytes": "c.JupyterHub.cookie_secret = b'CANARY-7f3a'",
    "a dict's value": "c.JupyterHub.services = [{'name': 'a', 'api_token': 'CANARY-7f3a'}]",
    "a keyword": "configure(client_secret='CANARY-7f3a')",
    "a default": "def hook(spawner, token='CANARY-7f3a'): return token",
    "a default by keyword": "def hook(spawner, *, token='CANARY-7f3a'): return token",
    "a comparison": "def check(password):\n    return password == 'CANARY-7f3a'",
    "the other way around": "def check(password):\n    return 'CANARY-7f3a' == password",
    "a lambda": "c.X.hook = lambda s: {'AWS_SECRET_ACCESS_KEY': 'CANARY-7f3a'}",
    "a variable of the environment": "import os\nos.environ['A_TOKEN'] = 'CANARY-7f3a'",
    "a fallback": "import os\nc.X.y = os.environ.get('A_TOKEN', 'CANARY-7f3a')",
    "either or": "import os\nc.X.token = os.environ.get('A') or 'CANARY-7f3a'",
    "by a condition": "c.X.token = 'CANARY-7f3a' if c else 'CANARY-8b2c'",
    "a flag's value": "c.X.command = ['run', '--api-token', 'CANARY-7f3a']",
    "in a flag": "c.X.command = ['run', '--api-token=CANARY-7f3a']",
    "an address": "c.JupyterHub.db_url = 'postgresql://hub:CANARY-7f3a@db/hub'",
    "an address in pieces": "h = 'db'\nc.X.db_url = f'postgresql://hub:CANARY-7f3a@{h}/hub'",
    "two words": "c.X.secret = 'CANARY-7f3a' + 'CANARY-8b2c'",
    "two names": "a = 'CANARY-7f3a'\nb = 'CANARY-8b2c'\nc.X.secret = a + b",
    "repeated": "c.JupyterHub.cookie_secret = b'CANARY' * 8",
    "joined": "c.X.secret = '-'.join(['CANARY', '7f3a', 'CANARY'])",
    "backwards": "c.X.secret = 'a3f7-YRANAC'[::-1]",
    "formatted": "c.X.secret = 'CANARY-%s' % '7f3a'",
    "several lines": "c.X.private_key = '''CANARY-7f3a\nCANARY-8b2c\n'''",
    "a comment": "c.X.y = 1  # the password is CANARY-7f3a",
    "a list": "c.CryptKeeper.keys = ['CANARY-7f3a', 'CANARY-8b2c']",
    "a class's attribute": "class A:\n    api_key = 'CANARY-7f3a'",
    "an annotated name": "token: str = 'CANARY-7f3a'",
    "several names at once": "user, password = 'me', 'CANARY-7f3a'",
    "added to": "secret = 'CANARY-7f3a'\nsecret += 'CANARY-8b2c'",
    "turned around": "r = 'a3f7-YRANAC'\nc.X.secret = ''.join(reversed(r))",
    "a map": "PASSWORDS = {'ada': 'CANARY-7f3a', 'grace': 'CANARY'}",
    "a map of tokens": "c.JupyterHub.api_tokens = {'CANARY-7f3a': 'ada'}",
    "what a function says": "def get_token():\n    return 'CANARY-7f3a'",
    "what a lambda says": "c.X.token = lambda: 'CANARY-7f3a'",
    "what is compared": "import hmac\ndef check(given):\n    return hmac.compare_digest(given, 'CANARY-7f3a')",
    "a command": "c.X.command = ['curl', '-u', 'me:CANARY-7f3a', 'https://files.example/']",
    "a docstring": "def hook():\n    '''It is CANARY-7f3a.\n    And so on.'''",
    "a docstring before more": "'''It is\nCANARY-7f3a.'''; x = 1",
    "a comment behind a form feed": "x = 1\n\f\ny = 2  # CANARY-7f3a",
    "known, where no name tells": "c.Spawner.environment = {'K': 'known CANARY-known to us'}",
    "known, in pieces": "x = f'known CANARY-known {1}'",
    "known, of names": "a = 'CANARY-'\nb = a + 'known'",
}


@pytest.mark.parametrize("code", SHAPES.values(), ids=SHAPES)
def test_no_shape_of_a_secret_stays(code):
    clean = redacted(f"c = get_config()\n{code}\n", "a.py", rules(KNOWN="CANARY-known"))
    assert not clean.refused
    assert "CANARY" not in clean.text
    assert "YRANAC" not in clean.text
    assert clean.text.count("\n") == code.count("\n") + 2  # each line stays where it is
    ast.parse(clean.text)


def test_a_number_is_one_again(monkeypatch):
    clean = redacted("class c: pass\nc.password = 4711471147\n", "a.py", rules())
    assert "4711" not in clean.text
    [slot] = clean.slots
    monkeypatch.setenv(slot.name, "4711471147")
    ran = {}
    exec(clean.text, ran)
    assert ran["c"].password == 4711471147


@pytest.mark.parametrize(
    "code",
    [
        "import base64\nc.X.token = base64.b64decode('Q0FOQVJZLTdmM2E=').decode()",
        "c.X.token = bytes.fromhex('43414e4152592d37663361')",
        "c.X.token = bytes([67, 65, 78, 65, 82, 89, 45, 55]).decode()",
    ],
)
def test_encoded_secrets_go_too(code):
    clean = redacted(code + "\n", "a.py", rules())
    assert not clean.refused
    assert not any(each in clean.text for each in ("Q0FOQVJZ", "43414e41", "67, 65"))


def test_code_does_the_same_with_its_secrets_in_the_environment(monkeypatch):
    code = (
        "class c: pass\nhost = 'db'\n"
        "c.db_url = f'postgresql://hub:S3CRETPASS@{host}/hub'\n"
        "c.cookie_secret = b'ab' * 16\n"
        "c.token = 'xy' + 'z' * 9\n"
        "c.limit = '2G'\n"
    )
    clean = redacted(code, "a.py", rules())
    before, after = {}, {}
    exec(code, before)
    for slot in clean.slots:
        value = {3: "S3CRETPASS", 4: "ab" * 16, 5: "xy" + "z" * 9}[slot.line]
        monkeypatch.setenv(slot.name, value)
    exec(clean.text, after)
    for name in ("db_url", "cookie_secret", "token", "limit"):
        assert getattr(after["c"], name) == getattr(before["c"], name)


def test_what_cannot_be_taken_out_is_refused_with_its_line():
    clean = redacted("a = 1\nc.X.password = cipher('abcdefghijk')\n", "a.py", rules())
    assert clean.refused.startswith("a.py:2 ")
    assert "environment" in clean.refused
    assert not clean.text
    assert "is no Python" in redacted("a = (", "a.py", rules()).refused
    case = "def f(token):\n    match token:\n        case 'CANARY-7f3a':\n            return 1\n"
    assert "a.py:3 " in redacted(case, "a.py", rules()).refused
    deep = f"x = {'-' * 50_000}1\n"
    assert "nested too deep" in redacted(deep, "a.py", rules()).refused
    docstring = '"""The password is CANARY-known."""\n'
    kept = redacted(docstring, "a.py", rules(KNOWN="CANARY-known"), keep_comments=True)
    assert "a.py:1" in kept.refused


@pytest.mark.parametrize(
    "code",
    [
        "import os\nc.X.token = os.environ['A_TOKEN']\n",
        "c.X.token_url = 'https://idp.example/token'\n",
        "c.X.auth_state_groups_key = 'groups'\n",
        "c.X.scope = ['openid', 'tokens']\n",
        "c.X.token = open('/run/token').read()\n",
        "import secrets\nc.X.token = secrets.token_hex(32)\n",
        "c.X.oauth_token_expires_in = 3600\n",
        "def check_token(token):\n    return token is None\n",
        "def token_error():\n    return 'there is no token'\n",
        "a, b = c.X.names\n",
    ],
)
def test_what_is_no_secret_stays(code):
    assert redacted(code, "a.py", rules()).text == code


def test_comments_go_and_lines_stay():
    code = "#!shebang\na = '# none'  # one\n\n    # two\nb = '''\n# none\n'''\n"
    assert without_comments(code) == "\na = '# none'\n\n\nb = '''\n# none\n'''\n"


def test_files_that_are_loaded_are_found_by_their_text():
    code = (
        "import os\nfrom pathlib import Path\nhere = Path(__file__).parent\n"
        "load_subconfig('plain.py')\n"
        "load_subconfig(str(Path(__file__).with_name('a.py')))\n"
        "load_subconfig(os.path.join(os.path.dirname(__file__), 'b.py'))\n"
        "load_subconfig(str(here / 'd' / 'e.py'))\n"
        "load_subconfig(str(here.joinpath('f.py').resolve()))\n"
        "for each in files: load_subconfig(each)\n"
    )
    assert list(loaded_files(code, "/etc/hub/x.py")) == [
        (4, "plain.py"),
        (5, "/etc/hub/a.py"),
        (6, "/etc/hub/b.py"),
        (7, "/etc/hub/d/e.py"),
        (8, "/etc/hub/f.py"),
        (9, ""),
    ]


def test_variables_that_are_read_are_found():
    code = "import os\nos.environ['A']\nos.environ.get('B')\nos.getenv('C')\nos.environ[f'D_{x}']\nx['E']\n"
    assert variables_read(code) == [("A", True), ("B", True), ("C", True), ("D_", False)]
