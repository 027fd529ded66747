"""The check of `make check` for dead weight: modules that nothing starts or imports, names that only tests name.

The import graph is grimp's, the search for names vulture's. This module knows what they cannot: what Django, Celery
and the others load or call by name. A test is no use of a thing, nor is a benchmark: neither is run at a school.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import grimp
from vulture import Vulture

BASE_DIR = Path(__file__).resolve().parent.parent
PRODUCT = ("accounts", "jobs", "students", "modeling", "predictions", "monitoring", "dropout_portal")
# What starts a process of the portal, and so names the modules that it starts with.
STARTS = ("Makefile", "Procfile", "manage.py", "Dockerfile", "deploy/*.sh", "docs/*.py")
# Pages that tell people to start something.
PAGES = ("README.md", "CONTRIBUTING.md", "docs/*.md")
# Loaded by Django and Celery because of where they lie.
LOADED = ("*.apps", "*.models", "*.tasks", "*.management.commands.*", "*.migrations.*", "*.templatetags.*")
# Read or called by a library because of what they are called, in any of our classes or modules.
CALLED = {
    "Django: models": ("Meta", "abstract", "ordering", "use_in_migrations", "USERNAME_FIELD", "REQUIRED_FIELDS"),
    "Django: fields, routers, middleware": ("from_db_value", "allow_migrate", "process_exception"),
    "Django: forms": ("clean_*", "queryset", "auto_id"),
    "Django: views": ("urlpatterns", "handler[45]0?", "template_name", "success_url", "form_class", "form_valid"),
    "Django: sign-in": ("redirect_authenticated_user", "get_user", "key_salt", "_make_hash_value", "token_generator"),
    "Django: starting": ("*Config", "application", "Command"),
    "Django REST framework: views": ("*_classes", "content_negotiation_class", "upload_handlers", "select_*"),
    "Django REST framework: access": ("authenticate", "authenticate_header", "has_permission", "get_cache_key"),
    "Django REST framework: errors": ("default_detail",),
    "drf-spectacular": ("*Scheme", "target_class", "get_security_definition"),
    "Pydantic": ("model_config",),
    "scikit-learn": ("classes_", "n_features_in_"),
    "the io module": ("readinto",),
}
# Named by tests alone, and worth it.
KEPT = {
    "tests hold documentation, charts and doors against it": ("FILES_READ", "TRACE_TYPES", "needs_permission"),
    "tests ask for one thing of what the portal takes as a whole": ("BY_NAME", "top_reasons", "score_row"),
    "a file of a schema tells its readers": ("licence",),
    "an institution is marked, and docs/security.md says that nothing enforces it": ("requires_second_factor",),
}
# What a framework is told of with a decorator.
REGISTERED = ("@shared_task", "@receiver", "@register", "@register.*", "@*.connect")
LOOKUPS = ("filter", "exclude", "get", "Q")
# Vulture is as sure as this of arguments that a function does not read: whoever calls it gives them.
ARGUMENT = 100
_WORD = re.compile(r"\w+")
_TAG = re.compile(r"\{[{%](.*?)[%}]\}", re.DOTALL)
_DOTTED = re.compile(r"[a-z_]\w*(?:\.\w+)+")
_STARTED_BY_HAND = re.compile(r"python -m ([\w.]+)")


class Search(Vulture):
    """Vulture, to which a name in a text, in a lookup of fields or among the choices of a field is used as well.

    Attributes
    ----------
    texts : set of str
        The texts without a blank that stand in the code: names, dotted names, lookups.
    """

    def __init__(self) -> None:
        called = [name for names in (*CALLED.values(), *KEPT.values()) for name in names]
        super().__init__(ignore_names=called, ignore_decorators=list(REGISTERED))
        self.texts: set[str] = set()

    def visit_Constant(self, node: ast.Constant) -> None:
        """Take the words of a text; what has a blank in it is meant for people, or for a database."""
        if isinstance(node.value, str) and " " not in node.value:
            self.texts.add(node.value)
            self.use(_WORD.findall(node.value))

    def visit_Call(self, node: ast.Call) -> None:
        """Take the fields that rows are looked up by, ``student__school_id__in``; setting a field is no use of it."""
        super().visit_Call(node)
        if ast.unparse(node.func).rpartition(".")[2] in LOOKUPS:
            self.use(name for given in node.keywords if given.arg for name in given.arg.split("__"))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Take the choices of a field: a row may hold any of them."""
        super().visit_ClassDef(node)
        if any(ast.unparse(of).endswith("Choices") for of in node.bases):
            self.use(name.id for name in ast.walk(node) if isinstance(name, ast.Name))

    def use(self, names: Iterable[str]) -> None:
        """Take names as used."""
        for name in names:
            self.used_names.add(name)


def main(base: Path = BASE_DIR, packages: Sequence[str] = PRODUCT) -> int:
    """Print what nothing needs, a line for each, and return how the process should end."""
    search = Search()
    search.scavenge([base / package for package in packages], exclude=["*/migrations/*"])
    found = [*unreached_modules(base, packages, texts=search.texts), *unused_names(base, search)]
    for line in found:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{'FAILED' if found else 'ok    '} nothing is kept that only tests use, or nothing at all\n")
    return 1 if found else 0


def unreached_modules(base: Path, packages: Sequence[str], *, texts: Iterable[str]) -> Iterator[str]:
    """Yield a line for every module that no start of the portal leads to."""
    graph = grimp.build_graph(*packages, cache_dir=None)
    named = {name for text in (*texts, *_read(base, STARTS)) for name in _DOTTED.findall(text)}
    named |= {name for text in _read(base, PAGES) for name in _STARTED_BY_HAND.findall(text)}
    reached: set[str] = set()
    waiting = [module for module in graph.modules if any(fnmatchcase(module, pattern) for pattern in LOADED)]
    waiting += [module for name in named for module in (name, name.rpartition(".")[0]) if module in graph.modules]
    while waiting:
        module = waiting.pop()
        if module and module not in reached:
            reached.add(module)
            # Whoever imports a module runs the package it is in.
            waiting += [*graph.find_modules_directly_imported_by(module), module.rpartition(".")[0]]
    for module in sorted(graph.modules - reached):
        yield f"{module}: no start of the portal leads to this module"


def unused_names(base: Path, search: Search) -> Iterator[str]:
    """Yield a line for every function, class, method, constant or field that no code, text or template names."""
    # Every field once stood as a text in a migration, so only the code of migrations counts.
    migrations = Vulture()
    migrations.scavenge(sorted(base.glob("*/migrations/*.py")))
    search.use(migrations.used_names)
    tags = (tag for page in _read(base, ("templates/**/*.*",)) for tag in _TAG.findall(page))
    search.use(word for tag in tags for word in _WORD.findall(tag))
    for item in search.get_unused_code(min_confidence=60):
        path = Path(item.filename).relative_to(base)
        if item.typ != "import" and item.confidence < ARGUMENT and path.name != "settings.py":
            yield f"{path}:{item.first_lineno}: {item.typ} {item.name} is not used"


def _read(base: Path, patterns: Sequence[str]) -> list[str]:
    paths = [path for pattern in patterns for path in base.glob(pattern) if path.is_file()]
    return [path.read_text(encoding="utf-8") for path in paths]


if __name__ == "__main__":
    sys.exit(main())
