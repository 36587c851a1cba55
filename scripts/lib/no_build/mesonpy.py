"""Stands in for a source package's build backend, so that `pip download` fetches the package without building it.

pip asks the backend for the package's metadata before it keeps the file; meson's backend compiles half of the
package to answer that. The answer already lies in the unpacked package, as PKG-INFO.
"""

import pathlib


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    metadata = pathlib.Path("PKG-INFO").read_text(encoding="utf-8")
    fields = dict(line.split(": ", 1) for line in metadata.splitlines() if line.startswith(("Name: ", "Version: ")))
    folder = pathlib.Path(metadata_directory) / f"{fields['Name']}-{fields['Version']}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(metadata, encoding="utf-8")
    return folder.name
