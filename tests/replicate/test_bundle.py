"""Bundles that are not what they should be; signatures and encryption."""

import base64
import hashlib
import io
import json
import subprocess
import tarfile
import zipfile

import pytest
import zstandard

from jupyter_2i2c.replicate import archive
from jupyter_2i2c.replicate.bundle import opened
from jupyter_2i2c.replicate.encryption import encrypt
from jupyter_2i2c.replicate.errors import ReplicateError, UnsafeBundle
from jupyter_2i2c.replicate.manifest import read, schema
from jupyter_2i2c.replicate.paths import Names
from jupyter_2i2c.replicate.signature import SIGNATURE, public_key
from jupyter_2i2c.replicate.verify import verify

from .conftest import rebag, tree

BAD_PATHS = [
    ("b/../../outside",),
    ("/absolute",),
    ("b/x", "b/x"),
    ("b/x", "b/X"),
    ("b/caf\u00e9", "b/cafe\u0301"),
    ("b/x", "b/x/y"),
    ("b/x/y", "b/x"),
    ("b\\x",),
    ("C:/x",),
    ("b//x",),
]


def packed(path, names, content=b"x"):
    """An archive that begins like a bundle, with these names."""
    names = ["b/data/manifest.json", *names]
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name in names:
                file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return path
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as file:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            file.addfile(member, io.BytesIO(content))
    path.write_bytes(zstandard.compress(plain.getvalue()))
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", archive.KINDS)
@pytest.mark.parametrize("names", BAD_PATHS)
def test_bad_paths_are_refused_before_anything_is_written(names, kind, tmp_path):
    path = packed(tmp_path / f"b{kind}", names)
    with pytest.raises(UnsafeBundle, match="is not opened"), opened(path):
        pass
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    verification = verify(path)
    assert verification.rungs["V0"].status == "fail"
    assert verification.highest == ""


@pytest.mark.parametrize("names", BAD_PATHS)
def test_bad_paths_in_a_bags_manifest(names, bundle):
    with (bundle / "manifest-sha256.txt").open("a") as file:
        for name in names:
            file.write(f"{'0' * 64}  {name}\n")
    assert verify(bundle).rungs["V0"].status == "fail"


def test_good_paths():
    names = Names("b")
    for name in ("b/data/x", "b/data/y", "b/ü/…", "b/a b/c", "b/%2e%2e/x"):
        assert names.accept(name) == name


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(kind, tmp_path):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as file:
        member = tarfile.TarInfo("b/x")
        member.type, member.linkname = kind, "/etc/passwd"
        file.addfile(member)
    (tmp_path / "b.tar.zst").write_bytes(zstandard.compress(plain.getvalue()))
    with pytest.raises(UnsafeBundle, match="link or a device"), opened(tmp_path / "b.tar.zst"):
        pass


def test_a_link_in_a_directory_is_refused(bundle, tmp_path):
    (bundle / "data" / "link").symlink_to("/etc")
    assert "link or a device" in verify(bundle).blockers[0]


@pytest.mark.parametrize("kind", archive.KINDS)
def test_a_bomb_is_not_unpacked(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "SMALL", 1 << 20)
    path = packed(tmp_path / f"b{kind}", ["b/x"], b"\0" * (64 << 20))
    assert path.stat().st_size < 1 << 17
    with pytest.raises(UnsafeBundle, match="times its size"), opened(path):
        pass


@pytest.mark.parametrize("kind", archive.KINDS)
@pytest.mark.parametrize("name", ["b/{}", "b/{}/"])
def test_a_bomb_of_empty_files_or_directories_is_not_unpacked(name, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_FILES", 50)
    path = packed(tmp_path / f"b{kind}", [name.format(each) for each in range(100)], b"")
    with pytest.raises(UnsafeBundle, match="more than 50 files"), opened(path):
        pass


def test_what_a_tar_tells_beside_the_content_does_not_fill_the_memory(tmp_path):
    header = tarfile.TarInfo("b/data/manifest.json")
    header.type, header.size = tarfile.XHDTYPE, 4 << 30
    (tmp_path / "b.tar.zst").write_bytes(zstandard.compress(header.tobuf(tarfile.USTAR_FORMAT)))
    with pytest.raises(UnsafeBundle, match="4096 MiB"), opened(tmp_path / "b.tar.zst"):
        pass


@pytest.mark.parametrize("kind", archive.KINDS)
def test_a_name_that_is_too_long_for_this_machine(kind, tmp_path):
    with (
        pytest.raises(ReplicateError, match="too long"),
        opened(packed(tmp_path / f"b{kind}", ["b/" + "x" * 300])),
    ):
        pass


def test_what_is_packed_wrongly_is_said_to_be_broken(tmp_path):
    path = packed(tmp_path / "b.zip", ["b/x"], b"some words, and some more words" * 9)
    data = bytearray(path.read_bytes())
    data[60:70] = b"\xff" * 10
    path.write_bytes(data)
    with pytest.raises(ReplicateError, match="fetch it anew"), opened(path):
        pass


@pytest.mark.parametrize("kind", archive.KINDS)
def test_what_is_broken_off_is_no_bundle(kind, made_once, tmp_path):
    whole = made_once.capture(tmp_path / f"a{kind}", make_lock=False).place.read_bytes()
    for length in (10, len(whole) // 2, len(whole) - 30):
        (tmp_path / f"b{kind}").write_bytes(whole[:length])
        with pytest.raises(ReplicateError), opened(tmp_path / f"b{kind}"):
            pass


@pytest.mark.parametrize("kind", archive.KINDS)
def test_packed_is_the_same_as_not(kind, made_once, bundle_once, tmp_path):
    place = made_once.capture(tmp_path / f"replica{kind}").place
    with opened(place) as bundle:
        assert tree(bundle.top) == tree(bundle_once.place)
    assert verify(place, up_to="V1").highest == "V1"


def test_the_archive_of_a_home_is_not_unpacked_to_look_at_it(tmp_path):
    path = tmp_path / "home.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("home/data/x", "x")
    with pytest.raises(ReplicateError, match="archive of a home"), opened(path):
        pass


def test_no_bundle_at_all(tmp_path):
    for name, match in (("none", "is not there"), ("file.txt", "is no bundle"), ("", "bagit.txt")):
        if name == "file.txt":
            (tmp_path / name).write_text("x")
        with pytest.raises(ReplicateError, match=match), opened(tmp_path / name):
            pass


def change(bundle, fault):
    data = bundle / "data"
    if fault == "changed":
        path = data / "env/default/observed.json"
        path.write_bytes(path.read_bytes().replace(b"alpha", b"alphb", 1))
    elif fault == "missing":
        (data / "secrets.template.env").unlink()
    elif fault == "more":
        (data / "more.txt").write_text("x")
    elif fault == "tag":
        with (bundle / "bag-info.txt").open("a") as file:
            file.write("Contact-Name: somebody\n")
    elif fault == "no manifest":
        (bundle / "manifest-sha256.txt").unlink()


@pytest.mark.parametrize("fault", ["changed", "missing", "more", "tag", "no manifest"])
def test_a_bag_that_is_not_whole(fault, bundle):
    change(bundle, fault)
    verification = verify(bundle)
    assert verification.rungs["V0"].status == "fail"
    assert verification.rungs["V1"].status == "not-run"
    assert verification.blockers


def edit_manifest(bundle, **changes):
    path = bundle / "data" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest.update(changes)
    path.write_text(json.dumps(manifest))
    rebag(bundle)


def test_a_file_that_only_a_weaker_manifest_names(bundle):
    (bundle / "data" / "more.txt").write_text("")
    (bundle / "manifest-md5.txt").write_text(f"{hashlib.md5(b'').hexdigest()}  data/more.txt\n")
    info = (bundle / "bag-info.txt").read_text()
    (bundle / "bag-info.txt").write_text(info.replace("Payload-Oxum", "Was"))
    (bundle / "tagmanifest-sha256.txt").unlink()
    rung = verify(bundle).rungs["V0"]
    assert rung.status == "fail"


def test_a_list_of_files_that_is_no_text(bundle):
    (bundle / "manifest-sha256.txt").write_bytes(b"\xff\xfe")
    assert verify(bundle).rungs["V0"].status == "fail"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"schema_version": 1, "items": [{"layer": []}]}'])
def test_a_manifest_of_another_form_is_said_to_be(text):
    with pytest.raises(ReplicateError, match="take the bundle anew"):
        read(text)


@pytest.mark.parametrize("field", ["kind", "created", "source", "layers", "tool"])
def test_a_manifest_whose_fields_are_something_else_is_said_to_be(field, bundle):
    manifest = json.loads((bundle / "data" / "manifest.json").read_text())
    for wrong in (1, ["a"], {"a": 1}):
        with pytest.raises(ReplicateError, match="misstates"):
            read(json.dumps({**manifest, field: wrong}))


def test_a_manifest_of_a_newer_schema(bundle):
    edit_manifest(bundle, schema_version=2)
    rung = verify(bundle).rungs["V1"]
    assert rung.status == "fail"
    assert "update jupyter_2i2c" in rung.items["manifest.json"].why


@pytest.mark.parametrize(
    "changes",
    [
        {"schema_version": "1"},
        {"schema_version": 0},
        {"items": "none"},
        {"items": [{"id": "x"}]},
        {"items": [{"id": "a:b", "layer": "a", "status": "fine", "evidence": "e", "source": "a"}]},
        {"kind": "castle"},
        {"created": "yesterday"},
    ],
)
def test_a_manifest_that_does_not_meet_its_schema(changes, bundle):
    edit_manifest(bundle, **changes)
    assert verify(bundle).rungs["V1"].status == "fail"


def test_fields_of_a_later_version_are_ignored(bundle):
    path = bundle / "data" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["items"][0]["more"] = manifest["more"] = {"x": 1}
    assert read(json.dumps(manifest)).kind == "environment"
    edit_manifest(bundle, more=1)
    assert verify(bundle, up_to="V1").highest == "V1"


def test_an_item_whose_file_was_swapped(bundle):
    path = bundle / "data/env/default/kernels/own/kernel.json"
    path.write_text(path.read_text().replace("own_kernel", "other_kernel"))
    rebag(bundle)
    rung = verify(bundle).rungs["V1"]
    assert rung.items["kernels:own"].status == "fail"


def test_the_schema_is_a_schema():
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(schema())


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True)
    return path


def test_a_signature_holds_until_something_changes(made_once, key, tmp_path):
    place = made_once.capture(tmp_path / "b", sign_with=key, make_lock=False).place
    trust = public_key(key)
    rung = verify(place, trust=trust, up_to="V0").rungs["V0"]
    assert rung.items["signature"].status == "pass"
    assert "2026-01-31" in rung.items["signature"].why
    (tmp_path / "key.pub").write_text(f"untrusted comment: a key\n{trust}\n")
    assert verify(place, trust=str(tmp_path / "key.pub"), up_to="V0").holds
    assert verify(place, up_to="V0").rungs["V0"].items["signature"].status == "not-run"

    kernel = place / "data/env/default/kernels/own/kernel.json"
    kernel.write_text(kernel.read_text().replace("own_kernel", "other_kernel"))
    rebag(place)
    rung = verify(place, trust=trust).rungs["V0"]
    assert rung.items["signature"].why == "the bundle was changed after it was signed"
    assert rung.status == "fail"


def test_openssl_agrees_by_minisigns_description(made_once, key, tmp_path):
    place = made_once.capture(tmp_path / "b", sign_with=key, make_lock=False).place
    _, signature, comment, both = (place / SIGNATURE).read_text().splitlines()
    made = base64.b64decode(signature)
    assert made[:2] == b"ED"
    assert made[2:10] == base64.b64decode(public_key(key))[2:10]
    signed = hashlib.blake2b((place / "tagmanifest-sha256.txt").read_bytes()).digest()
    comment = comment.removeprefix("trusted comment: ").encode()
    for message, of_it in ((signed, made[10:]), (made[10:] + comment, base64.b64decode(both))):
        (tmp_path / "message").write_bytes(message)
        (tmp_path / "signature").write_bytes(of_it)
        subprocess.run(
            [
                "openssl", "pkeyutl", "-verify", "-rawin", "-inkey", key,
                "-in", tmp_path / "message", "-sigfile", tmp_path / "signature",
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip


def test_a_signature_of_somebody_else_and_none_at_all(made_once, bundle, key, tmp_path):
    other = tmp_path / "other.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", other], check=True)
    place = made_once.capture(tmp_path / "b", sign_with=other, make_lock=False).place
    rung = verify(place, trust=public_key(key)).rungs["V0"]
    assert "another key" in rung.items["signature"].why
    rung = verify(bundle, trust=public_key(key)).rungs["V0"]
    assert "has none" in rung.items["signature"].why
    (bundle / SIGNATURE).write_text("nonsense\n")
    assert verify(bundle, trust=public_key(key)).rungs["V0"].status == "fail"
    with pytest.raises(ReplicateError, match="no public key"):
        verify(place, trust="nonsense")


def test_a_key_that_is_none(made_once, tmp_path):
    (tmp_path / "key").write_text("nonsense")
    with pytest.raises(ReplicateError, match="openssl genpkey"):
        made_once.capture(tmp_path / "b", sign_with=tmp_path / "key", make_lock=False)
    assert not (tmp_path / "b").exists()


def test_encrypted_and_back(made_once, tmp_path):
    from pyrage import x25519

    identity = x25519.Identity.generate()
    (tmp_path / "key").write_text(f"# a comment\n{identity}\n")
    (tmp_path / "wrong").write_text(str(x25519.Identity.generate()))
    packed = made_once.capture(tmp_path / "b.tar.zst", make_lock=False).place
    plain = packed.read_bytes()
    encrypted = encrypt(packed, [str(identity.to_public())])
    assert encrypted.name == "b.tar.zst.age"
    assert not packed.exists()
    assert plain[:100] not in encrypted.read_bytes()
    assert verify(encrypted, identity=tmp_path / "key", up_to="V1").highest == "V1"
    for wrong, match in ((None, "--identity"), (tmp_path / "wrong", "right key")):
        with pytest.raises(ReplicateError, match=match), opened(encrypted, identity=wrong):
            pass
    packed.write_bytes(plain)
    with pytest.raises(ReplicateError, match="no public key of age"):
        encrypt(packed.rename(tmp_path / "c.zip"), ["age1nonsense"])
    assert (
        hashlib.sha256((tmp_path / "c.zip").read_bytes()).digest() == hashlib.sha256(plain).digest()
    )
