"""What is compared of an image: its files after all layers, and its configuration."""
import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

CONFIG_KEYS = ("User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal", "Shell",
               "OnBuild", "Healthcheck")
KINDS = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "link",
         tarfile.CHRTYPE: "char", tarfile.BLKTYPE: "block", tarfile.FIFOTYPE: "fifo"}


def read_layer(data: bytes) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data))


def drop(tree: dict, path: str) -> None:
    for name in [name for name in tree if name == path or name.startswith(path + "/")]:
        del tree[name]


def describe(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> tuple:
    kind = KINDS[entry.type]
    content = hashlib.sha256(tar.extractfile(entry).read()).hexdigest()[:12] if kind == "file" else ""
    xattrs = tuple(sorted((k, v) for k, v in entry.pax_headers.items() if k.startswith("SCHILY.xattr.")))
    mode = "" if kind == "link" else f"{entry.mode & 0o7777:04o}"
    return kind, mode, entry.uid, entry.gid, entry.linkname if kind == "link" else content, xattrs


def apply_layer(tree: dict, data: bytes) -> None:
    tar = read_layer(data)
    for entry in tar:
        path = entry.name.strip("/")
        path = path[2:] if path.startswith("./") else path
        if path in ("", "."):
            continue
        folder, _, name = path.rpartition("/")
        prefix = folder + "/" if folder else ""
        if name == ".wh..wh..opq":
            for below in [one for one in tree if one.startswith(prefix)]:
                del tree[below]
        elif name.startswith(".wh."):
            drop(tree, prefix + name[4:])
        elif entry.islnk():
            tree[path] = tree[entry.linkname.strip("/").removeprefix("./")]
        else:
            if not entry.isdir():
                drop(tree, path)
            tree[path] = describe(tar, entry)


def flatten(layers: list) -> dict:
    tree: dict = {}
    for data in layers:
        apply_layer(tree, data)
    return tree


def config_of(text) -> dict:
    """Without what means the same as nothing, and without the label that buildah puts on all its images."""
    config = json.loads(text).get("config") or {}
    config["WorkingDir"] = (config.get("WorkingDir") or "").rstrip("/")
    (config.get("Labels") or {}).pop("io.buildah.version", None)
    return {key: config[key] for key in CONFIG_KEYS if config.get(key)}


def read_ours(folder: Path) -> tuple | str:
    if (folder / "error").exists():
        return (folder / "error").read_text()
    layers = sorted(folder.glob("layer-*"), key=lambda path: int(path.name[6:]))
    return flatten([path.read_bytes() for path in layers]), config_of((folder / "config.json").read_text())


def read_dir(folder: Path) -> tuple:
    """The "dir:" form of skopeo and buildah."""
    def blob(descriptor):
        return (folder / descriptor["digest"].partition(":")[2]).read_bytes()
    manifest = json.loads((folder / "manifest.json").read_text())
    return flatten([blob(layer) for layer in manifest["layers"] or []]), config_of(blob(manifest["config"]))


def read_layout(folder: Path) -> tuple:
    def blob(descriptor):
        return (folder / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()
    manifest = json.loads(blob(json.loads((folder / "index.json").read_text())["manifests"][0]))
    while "layers" not in manifest:
        manifest = json.loads(blob(manifest["manifests"][0]))
    return flatten([blob(layer) for layer in manifest["layers"] or []]), config_of(blob(manifest["config"]))


def compare(ours: tuple, theirs: tuple) -> list:
    """Lines that say what differs."""
    lines = []
    for path in sorted(ours[0].keys() | theirs[0].keys()):
        left, right = ours[0].get(path), theirs[0].get(path)
        if left != right:
            lines.append(f"{path}: ours {left}, theirs {right}")
    for key in CONFIG_KEYS:
        if ours[1].get(key) != theirs[1].get(key):
            lines.append(f"config {key}: ours {ours[1].get(key)}, theirs {theirs[1].get(key)}")
    return lines
