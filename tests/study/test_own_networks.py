from pathlib import Path

import pytest
from studies import load, minimal, problems

from created_equal.definitions import canonical
from created_equal.errors import InputError
from created_equal.study import STUDIES_VARIABLE
from created_equal.study.own_networks import digest_of, find_own_network

OWN = {"a": {"architecture": {"module": "my_nets:make"}}}


@pytest.fixture
def nets(folder):
    """A folder with a module of networks that imports another one and a library."""
    Path("my_nets.py").write_text("import torch\nfrom blocks import Block\nmake = Block\n")
    Path("blocks.py").write_text("class Block: pass\n")
    return folder


def test_the_digest_changes_with_the_file_and_with_what_it_imports(nets):
    found = {digest_of("my_nets", nets)}
    Path("other.py").write_text("unrelated = 1\n")
    assert digest_of("my_nets", nets) in found
    for name in ("my_nets.py", "blocks.py"):
        Path(name).write_text(Path(name).read_text() + "# changed\n")
        digest = digest_of("my_nets", nets)
        assert digest not in found
        found.add(digest)


def test_the_digest_covers_packages_and_what_they_import_from_themselves(nets):
    Path("nets").mkdir()
    for name, text in {
        "__init__": "",
        "vit": "from . import parts\nfrom .blocks import Block\n",
        "parts": "x = 1\n",
        "blocks": "from nets.parts import x\n",
        "unused": "",
    }.items():
        Path("nets", f"{name}.py").write_text(text)
    before = digest_of("nets.vit", nets)
    Path("nets/unused.py").write_text("y = 2\n")
    assert digest_of("nets.vit", nets) == before
    seen = {before}
    for name in ("__init__", "vit", "parts", "blocks"):
        with Path("nets", f"{name}.py").open("a") as file:
            file.write("# changed\n")
        digest = digest_of("nets.vit", nets)
        assert digest not in seen
        seen.add(digest)


def test_modules_that_import_each_other_end(nets):
    Path("blocks.py").write_text("import my_nets\n")
    assert digest_of("my_nets", nets) == digest_of("my_nets", nets)


def test_a_run_goes_on_only_with_the_file_that_it_began_with(nets, monkeypatch):
    """A job that starts later would train other networks than the first ones."""
    monkeypatch.setenv(STUDIES_VARIABLE, "{}")
    before = load(minimal(ensembles=OWN)).ensembles["a"].definition
    text = Path("blocks.py").read_text()
    Path("blocks.py").write_text(f"{text}# changed\n")
    with pytest.raises(InputError, match=r"one/a: my_nets\.py, or a file that it imports, has ch"):
        load(minimal(ensembles=OWN))
    Path("blocks.py").write_text(text)
    assert load(minimal(ensembles=OWN)).ensembles["a"].definition == before


def test_the_file_next_to_the_study_comes_first(nets):
    Path("config/studies/my_nets.py").write_text("def make(n_classes, image_shape): ...\n")
    ensemble = load(minimal(ensembles=OWN)).ensembles["a"]
    assert ensemble.architecture.own.folder == Path("config/studies").resolve()
    Path("config/studies/my_nets.py").unlink()
    assert load(minimal(ensembles=OWN)).ensembles["a"].architecture.own.folder == nets.resolve()


def test_a_definition_has_the_digest_and_no_path(nets):
    definition = load(minimal(ensembles=OWN)).ensembles["a"].definition
    digest = digest_of("my_nets", nets)
    assert definition["architecture"] == {"module": "my_nets:make", "digest": digest}
    assert str(nets) not in canonical(definition)
    with Path("blocks.py").open("a") as file:
        file.write("\n")
    assert load(minimal(ensembles=OWN)).ensembles["a"].definition != definition


def test_a_definition_of_a_named_architecture_is_as_before(folder):
    definition = load(minimal()).ensembles["a"].definition
    assert definition["architecture"] == "st_vgg"
    assert definition.keys() == {
        *("dataset", "architecture", "width", "linear", "depth", "kernel", "units", "recipe")
    }


def test_a_missing_file(folder):
    with pytest.raises(InputError, match=r"line \d+: ensembles\.a\.architecture\.module is my_ne"):
        load(minimal(ensembles=OWN))
    with pytest.raises(InputError, match=r"there is no one/nets\.py nor two/nets\.py; put"):
        find_own_network("nets:make", Path("one"), Path("two"))


def test_a_file_that_is_no_python(nets):
    Path("blocks.py").write_text("class Block\n")
    with pytest.raises(InputError, match=r"blocks\.py, line 1 is not valid Python \(expected ':'"):
        load(minimal(ensembles=OWN))
    Path("blocks.py").write_bytes(b"\0")
    with pytest.raises(InputError, match=r"blocks\.py is not valid Python \(source code"):
        load(minimal(ensembles=OWN))


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"architecture": {"module": "my_nets"}}, "architecture.module is 'my_nets'; write the fi"),
        ({"architecture": {"module": "a/b.py:make"}}, "architecture.module is 'a/b.py:make'; writ"),
        ({"architecture": {}}, "architecture.module is missing; add it."),
        ({"architecture": {"modul": "x:y", "module": "x:y"}}, "architecture.modul is not known; "),
        ({"architecture": {"module": 3}}, "architecture.module must be text, but is 3; put it in"),
        ({"architecture": 3}, "architecture must be one of the 83 names at the end of config/REA"),
        ({"architecture": "vggg16"}, "architecture is 'vggg16', which is not known; did you mean"),
        ({**OWN["a"], "linear": True}, "linear does not change a network of your own; leave it"),
        ({**OWN["a"], "width": 2}, "width does not change a network of your own; leave it out, or"),
        ({**OWN["a"], "recipe": {"activation": "relu"}}, " has a network of your own, with its ow"),
    ],
)
def test_what_a_network_of_ones_own_cannot_have(nets, entry, sentence):
    (found,) = problems(minimal(ensembles={"a": entry}))
    assert sentence in found
