"""Flag beats environment beats file; seen through the errors that name where a value stood, and through --data."""

import pytest


def test_an_unknown_key_names_its_line(program, tmp_path):
    (tmp_path / "llamatelemetry.toml").write_text('ctx = 4096\n\ncontext = 1\n')
    done = program("up")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("llamatelemetry: llamatelemetry.toml:3: unknown key 'context'")


@pytest.mark.parametrize("text, says", [
    ("ctx = = 1", "llamatelemetry.toml:1:"),
    ("\n[engine]\nctx = 1", "llamatelemetry.toml:2: the value of 'engine'"),
    ("ctx = [1, 2]", "'ctx' takes one value"),
    ("ctx = 1.5", "the value of 'ctx'"),
    ("retention = 7", "llamatelemetry.toml:1: retention: '7' is not a time"),
    ("insecure = \"perhaps\"", "insecure: 'perhaps' is neither true nor false"),
])
def test_wrong_values_name_their_line(program, tmp_path, text, says):
    (tmp_path / "llamatelemetry.toml").write_text(text)
    done = program("up")
    assert done.returncode == 2 and says in done.stderr


def test_a_named_file_must_exist(program):
    done = program("status", "--config", "nowhere.toml")
    assert done.returncode == 2 and "nowhere.toml" in done.stderr


def test_precedence(program, tmp_path):
    """Each layer holds a wrong value; the error names the layer that won."""
    (tmp_path / "llamatelemetry.toml").write_text('store-max = "file"\n')
    variable = {"LLAMATELEMETRY_STORE_MAX": "variable"}
    assert "llamatelemetry.toml:1: store-max: 'file'" in program("up").stderr
    assert "LLAMATELEMETRY_STORE_MAX: 'variable'" in program("up", environment=variable).stderr
    assert "--store-max: 'flag'" in program("up", "--store-max", "flag", environment=variable).stderr


def test_places_of_the_file(program, tmp_path):
    """./llamatelemetry.toml, otherwise ~/.config/llamatelemetry; --config and LLAMATELEMETRY_CONFIG before both."""
    home = tmp_path / ".config/llamatelemetry"
    home.mkdir(parents=True)
    (home / "llamatelemetry.toml").write_text("retention = 'home'\n")
    assert "'home'" in program("up").stderr
    (tmp_path / "llamatelemetry.toml").write_text("retention = 'here'\n")
    assert "'here'" in program("up").stderr
    (tmp_path / "variable.toml").write_text("retention = 'variable'\n")
    variable = {"LLAMATELEMETRY_CONFIG": "variable.toml"}
    assert "'variable'" in program("up", environment=variable).stderr
    (tmp_path / "flag.toml").write_text("retention = 'flag'\n")
    assert "'flag'" in program("up", "--config", "flag.toml", environment=variable).stderr


def test_a_variable_that_nothing_reads_is_warned_of(program):
    slips = {"LLAMATELEMETRY_CONTEXT": "4096", "LLAMATELEMETRY_LOG_LEVEL": "info", "LLAMATELEMETRY_CTX": "many"}
    said = program("up", environment=slips).stderr
    assert "LLAMATELEMETRY_CONTEXT is set, and is none of our variables" in said
    assert "LOG_LEVEL is set" not in said and "LLAMATELEMETRY_CTX is set" not in said
    assert "LLAMATELEMETRY_CTX: 'many'" in said


def test_looking_commands_take_the_same_file(program, store, tmp_path):
    (tmp_path / "llamatelemetry.toml").write_text(f'data = "{store}"\nctx = 4096\n')
    done = program("query", "SELECT count(*) AS n FROM requests", "--format", "csv")
    assert done.stdout.split() == ["n", "7"]
