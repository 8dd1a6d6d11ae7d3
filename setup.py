"""What pyproject.toml cannot say: the shell's templates and static files lie beside the package in a checkout and
inside it once installed (bihuan/shell), where `bihuan.config.settings` looks for them."""

from setuptools import find_namespace_packages, setup

SHELL = {"bihuan.shell.templates": "templates", "bihuan.shell.static": "static"}

setup(
    packages=[
        *find_namespace_packages(include=["bihuan", "bihuan.*"], exclude=["*.tests", "*.tests.*"]),
        *SHELL,
    ],
    package_dir=SHELL,
    # Every directory is a package here, those without Python too; the shell's are taken whole.
    package_data={"": ["*"]} | {name: ["**/*"] for name in SHELL},
    exclude_package_data={"": ["*.pyc"]},
)
