"""Secrets that stand readable in a repository: none of forty comes into a bundle, in whatever form they stand."""

import base64
import random
import string
import textwrap
from urllib.parse import quote

import pytest

from jupyter_2i2c.replicate.errors import SecretFound
from jupyter_2i2c.replicate.importers.bundled import bundle_of
from jupyter_2i2c.replicate.importers.infrastructure import read
from jupyter_2i2c.replicate.importers.secret_forms import secrets_in

from . import deployments

CREATED = "2026-01-31T12:00:00Z"


def canary(number):
    """A value that is nowhere else; of several shapes."""
    made = random.Random(number)
    letters = string.ascii_letters + string.digits
    return "".join(made.choice(letters) for _ in range(24)) + f"{number:02}"


KEYS = iter(range(1000))
PLANTED = {}


def plant_lower(how):
    """A new canary in small letters."""
    PLANTED[how] = plant(how).lower()
    return PLANTED[how]


def plant(how):
    """A new canary, noted with how it is planted."""
    value = canary(next(KEYS))
    PLANTED[how] = value
    return value


def private_key(how):
    lines = [base64.b64encode(plant(f"{how}, line {n}").encode()).decode() * 2 for n in range(3)]
    for n, line in enumerate(lines):
        PLANTED[f"{how}, line {n}"] = line
    return (
        "-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join(lines) + "\n-----END RSA PRIVATE KEY-----\n"
    )


COMMON = f"""
# an old token: {plant("a comment of a file")}
jupyterhub:
  proxy:
    secretToken: {plant("a text by its key")}  # was {plant("a comment behind a value")}
  hub:
    cookieSecret: "{plant("a quoted text")}"
    db:
      url: postgresql://hub:{plant("a password in an address")}@db.example/hub
      password: {"".join(filter(str.isdigit, plant("digits that YAML reads as a number"))) or 1}98765432100
    config:
      GenericOAuthenticator:
        client_secret: {plant("a client's secret")}
        authorize_url: https://login.example/authorize
        token_url: https://login.example/token
      CryptKeeper:
        keys: [{plant("a list of keys")}]
    services:
      reporter:
        apiToken: {plant("a service's token")}
        command: [python, -m, reporter, --api-token, {plant("an argument after its flag")}]
      other:
        command: [other, "--password={plant("an argument with its flag")}", --verbose]
        environment:
          DB_PASSWORD: {plant("a service's environment")}
    extraEnv:
      AWS_SECRET_ACCESS_KEY: {plant("the hub's environment")}
      WEBHOOK: https://hooks.slack.com/services/T000/B000/{plant("a webhook")}
    extraFiles:
      netrc:
        mountPath: /etc/own.netrc
        stringData: |
          machine files.example login hub password {plant("a netrc")}
      ini:
        mountPath: /etc/own.ini
        stringData: |
          [own]
          user = me
          passwd = {plant("a file of settings")}
      json:
        mountPath: /etc/own.json
        stringData: '{{"user": "me", "token": "{plant("JSON in a text")}"}}'
      structured:
        mountPath: /etc/own.yaml
        data:
          deep:
            api_key: {plant("a structured file")}
      key:
        mountPath: /etc/key
        stringData: |
{textwrap.indent(private_key("a private key of several lines"), " " * 10)}
      account:
        mountPath: /etc/account.json
        stringData: |
          {{"type": "service_account", "private_key_id": "{plant("the id of a service account's key")}",
           "private_key": "-----BEGIN PRIVATE KEY-----\\n{plant("a private key in JSON")}\\n-----END PRIVATE KEY-----\\n"}}
      notebook:
        mountPath: /etc/a.ipynb
        stringData: '{{"source": ["{{\\"api_key\\": \\"{plant("JSON in JSON")}\\"}}"]}}'
      docker:
        mountPath: /etc/docker.json
        stringData: {base64.b64encode(('{"auths": {"r.example": {"auth": "' + plant("a registry's login in base64") + '"}}}').encode()).decode()}
      pgp:
        mountPath: /etc/pgp.asc
        stringData: |
          -----BEGIN PGP PRIVATE KEY BLOCK-----
          {plant("a key of PGP")}
          -----END PGP PRIVATE KEY BLOCK-----
  custom2:
    passwords: {{ada: {plant("a map of passwords")}, grace: {plant("another of the map")}}}
    login: {{user: me, pass: {plant("a short key")}}}
    folded:
      client_secret: >-
        {plant("a folded text")}
    shared: &shared {plant("an anchor")}
    token: *shared
    api_secret: ${plant_lower("what only begins like a variable")}
    long_token: |
{textwrap.indent("x" * 70 + chr(10), " " * 6) * 60}      {plant("the end of a long text")}
  singleuser:
    extraEnv:
      - name: GRAPH_TOKEN
        value: {plant("an environment as a list")}
      - name: AUTH_HEADER
        value: "Authorization: Bearer {plant("a header")}"
    extraContainers:
      - name: db
        env:
          - name: MYSQL_ROOT_PASSWORD
            value: "{plant("a container's environment")}"
        command: ["sh", "-c", "export TOKEN={plant("a shell command")}; exec db"]
    profileList:
      - display_name: One
        kubespawner_override:
          environment:
            HF_TOKEN: hf_{plant("a token of a known form")}ABCDEFGH
    cmd: [start, "--config={base64.b64encode(("token=" + plant("base64 of a setting")).encode()).decode()}"]
  imagePullSecret:
    password: {plant("a registry's password")}
  custom:
    nested:
      deeper:
        jwt: eyJhbGciOiJIUzI1NiJ9.{plant("a signed token")}.abcdefghijkl
  odd:
    curl: 'curl -u me:{plant("a flag of one letter")} https://files.example/'
    words: [curl, -u, "me:{plant("a flag of one letter in a list")}"]
    login: docker login -u me -p {plant("a login to a registry")} r.example
    remote: git+https://{plant("the name in an address")}@git.example/a/b
    at: postgresql://me:{plant("a password with an @")[:9]}@{PLANTED["a password with an @"][9:]}@db.example/a
    signed: https://store.example/a?sv=1&sig={plant("a signature in an address")}%3D
    quoted: 'password%3D{plant("an assignment as addresses write it")}'
    storage: AccountName=me;AccountKey={plant("a key of storage")}==;EndpointSuffix=a
    xml: '<password>{plant("an element of XML")}</password>'
    attribute: '<add key="ApiPassword" value="{plant("an attribute of XML")}"/>'
    lines: |
      timeout 300
      requirepass {plant("a line without a sign")}
    hashed: 'ada:$2y$10${plant("a hashed password")}abcdefghijklmnopqrstuvwxyz'
    hexadecimal: {("password=" + plant("hexadecimal digits")).encode().hex()}
    body: b3BlbnNzaC1rZXktdjEAAAAA{base64.b64encode(plant("a key without the lines around it").encode()).decode() * 2}
    client-key-data: {base64.b64encode(plant("a key of Kubernetes").encode()).decode()}
    headers: {{Authorization: 'Own {plant("a scheme of one's own")}'}}
    db_pass: {plant("half a word")}
    env: [{{Name: OWN_TOKEN, Value: {plant("a pair with capitals")}}}]
    object: {{kind: Secret, stringData: {{anything: {plant("an object that is a secret")}}}}}
extra:
  connectionString: "Server=db;Password={plant("a connection string")};"
"""

CODE = f"""
import base64, os
# the old one was {plant("a comment in code")}
c.GenericOAuthenticator.client_secret = "{plant("a trait in code")}"
c.JupyterHub.cookie_secret = b"{plant("bytes in code")}"
os.environ["UPSTREAM_PASSWORD"] = "{plant("the environment in code")}"
c.Spawner.environment = {{"API_KEY": "{plant("a dict in code")}"}}
c.Spawner.args = ["--token={plant("an argument in code")}"]
c.Spawner.auth_state_hook = lambda spawner, state: spawner.environment.update(
    {{"REFRESH_TOKEN": "{plant("a lambda in code")}"}}
)
user = "me"
c.JupyterHub.db_url = f"postgresql://{{user}}:{plant("an f-string in code")}@db.example/hub"
c.Own.password = "{(parts := plant("a sum in code"))[:13]}" + "{parts[13:]}"
c.Own.secret = base64.b64decode("{base64.b64encode(plant("base64 in code").encode()).decode()}")
c.Own.token = "{plant("a text turned around")[::-1]}"[::-1]
KEY = '''{private_key("a private key in code")}'''
def connect(password="{plant("a default argument")}"):
    return "{plant("only its value gives it away")}"
c.Again.password = "{PLANTED["only its value gives it away"]}"
"""


def forms(value):
    raw = value.encode()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        yield encoded[-(-shift * 8 // 6) : (shift + len(raw)) * 8 // 6]
    yield raw
    yield quote(value, safe="").encode()
    yield raw.hex().encode()
    yield value[::-1].encode()


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    top = tmp_path_factory.mktemp("canaries")
    snippet = "  hub:\n    extraConfig:\n      90-own: |\n" + textwrap.indent(CODE, " " * 8)
    files = {
        "config/clusters/sea/common.values.yaml": COMMON,
        "config/clusters/sea/reef.values.yaml": "jupyterhub:\n" + snippet,
        "helm-charts/basehub/values.jsonnet": "{jupyterhub: {custom: {computed: {password: '"
        + plant("a computed value")
        + "'}}}}",
        "helm-charts/basehub/values.yaml": deployments.UMBRELLA
        + f"  proxy:\n    chp:\n      authToken: {plant('a default of the chart')}\n",
    }
    checkout = deployments.write(top / "checkout", files)
    source = read(checkout, "sea", "reef")
    captured = bundle_of(source, top / "bundle", created=CREATED)
    return captured


def test_at_least_forty_are_planted():
    assert len(PLANTED) >= 40
    assert len(set(PLANTED.values())) == len(PLANTED)


def test_not_a_byte_of_any_is_in_the_bundle(planted):
    files = [each for each in planted.place.rglob("*") if each.is_file()]
    assert len(files) > 15
    texts = {each: each.read_bytes() for each in files}
    for how, value in PLANTED.items():
        if how.startswith("digits"):
            value = "".join(filter(str.isdigit, value)) + "98765432100"
        for form in forms(value):
            for place, data in texts.items():
                assert form not in data, (how, place.name)
            assert not any(form in str(place).encode() for place in files), how


def test_each_has_a_slot_that_says_where_it_stood(planted):
    slots = [each for each in planted.source.secrets if each.found == "plain"]
    assert len({each.name for each in slots}) == len(slots)
    assert len(slots) >= 35
    assert all(each.file and each.line >= 0 and each.how for each in slots)
    named = {each.name for each in slots}
    assert {"PROXY_SECRET_TOKEN", "MYSQL_ROOT_PASSWORD", "GRAPH_TOKEN"} <= named
    template = (planted.place / "data/secrets.template.env").read_text()
    for slot in slots:
        if slot.effective:
            assert f"\n{slot.name}=\n" in template
    assert sum(each.id == "readable-secret" for each in planted.source.findings) == len(slots)


def test_the_code_still_runs_and_asks_the_environment(planted):
    code = planted.source.extra_config["90-own"]
    asked = [each.name for each in planted.source.secrets if f"environ['{each.name}']" in code]
    assert len(asked) >= 10
    compile(code, "90-own", "exec")
    assert code.count("\n") == CODE.count("\n")


def test_what_only_sounds_like_a_secret_stays(tmp_path):
    own = {
        "jupyterhub": {
            "hub": {
                "config": {
                    "GenericOAuthenticator": {
                        "token_url": "https://login.example/oauth/token",
                        "auth_state_groups_key": "oauth_user.roles",
                        "username_claim": "email",
                    },
                    "JupyterHub": {"cookie_max_age_days": 1},
                },
                "existingSecret": "my-own-secret",
                "extraEnv": {
                    "A": {"valueFrom": {"secretKeyRef": {"name": "hub", "key": "hub.apiToken"}}},
                    "TOKEN_FILE": "/var/run/secrets/token",
                    "OPENAI_API_KEY": "{env:OPENAI_API_KEY}",
                    "PASSWORD": "$(OTHER_PASSWORD)",
                },
            },
            "singleuser": {
                "extraTolerations": [{"key": "hub.jupyter.org/dedicated", "value": "user"}],
                "image": {"name": "quay.io/example/image", "tag": "278370f204a2"},
                "extraFiles": {
                    "x": {"mountPath": "/x", "stringData": "Ask for the password: at the desk"}
                },
            },
            "ingress": {"tls": [{"secretName": "https-auto-tls"}]},
        }
    }
    checkout = deployments.write(tmp_path / "checkout", deployments.with_reef(own))
    source = read(checkout, "sea", "reef")
    assert [each for each in source.secrets if each.found == "plain"] == []
    layer = next(each for each in source.layers if each.name == "reef.values.yaml")
    assert layer.values == own


def test_a_short_secret_is_removed_by_its_place_alone(tmp_path):
    own = {"jupyterhub": {"hub": {"config": {"DummyAuthenticator": {"password": "abc"}}},
                          "custom": {"text": "the abc of hubs"}}}  # fmt: skip
    checkout = deployments.write(tmp_path / "checkout", deployments.with_reef(own))
    values = read(checkout, "sea", "reef").values["jupyterhub"]
    assert values["hub"]["config"]["DummyAuthenticator"]["password"].startswith("<secret:")
    assert values["custom"]["text"] == "the abc of hubs"


def test_two_secrets_of_one_name_are_two_slots(tmp_path):
    container = {"name": "a", "env": [{"name": "DB_PASSWORD", "value": "first-password-1"}]}
    other = {"name": "b", "env": [{"name": "DB_PASSWORD", "value": "second-password-2"}]}
    own = {"jupyterhub": {"singleuser": {"extraContainers": [container, other]}}}
    checkout = deployments.write(tmp_path / "checkout", deployments.with_reef(own))
    names = [each.name for each in read(checkout, "sea", "reef").secrets if each.found == "plain"]
    assert names == ["DB_PASSWORD", "DB_PASSWORD_2"]


def test_what_cannot_be_taken_out_for_certain_is_refused_with_its_place(tmp_path):
    code = "import own\nc.Own.token = own.decipher('dGhpcyBpcyBhIHRva2Vu')\n"
    own = {"jupyterhub": {"hub": {"extraConfig": {"50-own": code}}}}
    checkout = deployments.write(tmp_path / "checkout", deployments.with_reef(own))
    with pytest.raises(SecretFound, match=r"reef\.values\.yaml:\d+.*computes the secret.*50-own"):
        read(checkout, "sea", "reef")


def test_a_secret_that_is_also_a_key_is_refused(tmp_path):
    own = {"jupyterhub": {"custom": {"password": "letmein-letmein", "letmein-letmein": 1}}}
    checkout = deployments.write(tmp_path / "checkout", deployments.with_reef(own))
    with pytest.raises(SecretFound, match=r"reef\.values\.yaml:3 is also a name, a key"):
        read(checkout, "sea", "reef")


@pytest.mark.parametrize("where", ["tokens", "api_tokens"])
def test_a_token_that_is_a_key_is_refused(where, tmp_path):
    own = {"jupyterhub": {"custom": {where: {canary(7): "admin"}}}}
    checkout = deployments.write(tmp_path / "checkout", deployments.with_reef(own))
    with pytest.raises(SecretFound, match=r"reef\.values\.yaml:\d+ is also a name, a key"):
        read(checkout, "sea", "reef")


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("helm-charts/basehub/Chart.yaml", "https://charts.example/nfs", "https://me:{}@charts.example"),
        ("config/clusters/sea/cluster.yaml", "display_name: Reef", "display_name: Reef token={}"),
    ],
)  # fmt: skip
def test_a_secret_beside_the_values_is_refused(file, before, after, tmp_path):
    text = deployments.FILES[file].replace(before, after.format(canary(8)))
    checkout = deployments.write(tmp_path / "checkout", {file: text})
    with pytest.raises(SecretFound, match=r"cluster\.yaml:\d+ or helm-charts/basehub is also"):
        read(checkout, "sea", "reef")


def test_code_that_is_no_python_of_today_is_cleaned_as_text(tmp_path):
    code = "print 'a'\n# note: secret\npassword = 'not-a-good-1'\n"
    own = {"jupyterhub": {"hub": {"extraConfig": {"50-own": code}}}}
    checkout = deployments.write(tmp_path / "checkout", deployments.with_reef(own))
    source = read(checkout, "sea", "reef")
    text = source.extra_config["50-own"]
    assert "not-a-good" not in text
    assert "note" not in text
    assert text.startswith("print 'a'\n\npassword = '<secret:")
    [finding] = [each for each in source.findings if each.id == "code-not-read"]
    assert finding.pointer == "/jupyterhub/hub/extraConfig/50-own"


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/a?b=c",
        "token_url: https://login.example",
        "password: see the desk",
        "TOKEN=$(cat /run/token)",
        "hub_token = os.environ['A_B_C_D']",
        "<secret:SOMETHING>",
        "https://user:{password}@host",
        "ssh://git@git.example/a/b.git",
        "docker://r.example:5000/image@sha256:" + "a1" * 32,
        "https://example.org/?token={token}&next=%2Fhub%2Flogin",
        "sha256:" + "a1" * 32,
        "log in with your password 5 times",
    ],
)
def test_texts_without_a_secret(text):
    assert list(secrets_in(text)) == []


@pytest.mark.parametrize("piece", ["--a-", "eyJ", "token=", "%25", "//a:", "curl -u "])
def test_a_text_is_searched_in_time_that_grows_with_it(piece):
    # in seconds where each piece is looked at once, in hours where each is compared with all that follow
    assert len(list(secrets_in(piece * 50_000))) <= 50_000
