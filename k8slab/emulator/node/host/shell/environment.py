"""What a shell is asked for: variables, options, arguments, files (``expansion.Variables``)."""

from __future__ import annotations

from k8slab.emulator.node.host.context import ProgramContext
from k8slab.emulator.node.host.shell.files import Tree
from k8slab.emulator.node.host.shell.state import ShellError, State
from k8slab.emulator.node.host.system import System


class Environment:
    """A shell's state, as expansion and commands see it."""

    def __init__(self, system: System, state: State) -> None:
        self.system = system
        self.state = state

    @property
    def context(self) -> ProgramContext:
        """Return the container as this shell sees it."""
        return self.state.context

    @property
    def tree(self) -> Tree:
        """Return the container's files."""
        return self.system.tree(self.context, self.state.process)

    @property
    def cwd(self) -> str:
        """Return the working folder."""
        return self.context.cwd

    @property
    def name(self) -> str:
        """Return what error messages begin with."""
        return self.state.arguments[0]

    @property
    def path(self) -> str:
        """Return where programs are looked for."""
        found = self.find("PATH")
        return "/sbin:/usr/sbin:/bin:/usr/bin" if found is None else found

    def positional(self) -> list[str]:
        """Return the arguments from the first on."""
        return self.state.arguments[1:]

    def option(self, letter: str) -> bool:
        """Tell whether an option of ``set`` is on."""
        return letter in self.state.options

    def find(self, name: str) -> str | None:
        """Return a variable or special parameter; None when it is not set."""
        state = self.state
        special = {
            "?": str(state.last), "#": str(len(state.arguments) - 1), "$": str(state.process.pid),
            "!": str(state.behind) if state.behind else None, "0": state.arguments[0],
            "-": "".join(sorted(state.options)), "PPID": str(state.process.parent), "LINENO": str(state.place),
        }  # fmt: skip
        if name in special:
            return special[name]
        if name.isdigit():
            return state.arguments[int(name)] if int(name) < len(state.arguments) else None
        return state.variables.get(name, self.context.env.get(name))

    def get(self, name: str) -> str:
        """Return a variable, or an empty text."""
        return self.find(name) or ""

    def assign(self, name: str, value: str) -> None:
        """Set a variable; an exported one stays exported. Raises ``ShellError`` for a read-only one."""
        if name in self.state.fixed:
            raise ShellError(f"{name}: is read only")
        exported = name in self.context.env or self.option("a")
        (self.context.env if exported else self.state.variables)[name] = value

    def unset(self, name: str) -> None:
        """Forget a variable."""
        if name in self.state.fixed:
            raise ShellError(f"{name}: is read only")
        self.state.variables.pop(name, None)
        self.context.env.pop(name, None)
