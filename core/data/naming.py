"""What columns are called when the file leaves it open."""

from __future__ import annotations

from core.data.dataset import Finding


def names_of(
    header: list[str] | None, body: list[list[str]], width: int, findings: list[Finding]
) -> list[str]:
    """Return one unique name a field; say what was made up."""
    if header is None:
        findings.append(
            Finding(
                what="The file has no header.",
                count=width,
                action="Columns are called column_1, column_2 and so on.",
                severity="warning",
            )
        )
        header = [""] * width
    elif len(header) == width - 1:
        trailing = all(not row[-1].strip() for row in body if len(row) == width)
        findings.append(
            Finding(
                what="Rows end with one delimiter more than the header."
                if trailing
                else "The header has one name less than the rows have fields.",
                count=1,
                action="The empty last column is left out."
                if trailing
                else "The first column is taken for the row's index.",
            )
        )
        header = [*header, ""] if trailing else ["index", *header]
    return unique([name.strip().lstrip("#").strip() for name in header[:width]], findings)


def unique(names: list[str], findings: list[Finding]) -> list[str]:
    """Return *names* without blanks and repeats; append a finding for each that was changed."""
    taken = set(names)
    seen: set[str] = set()
    result = []
    for place, name in enumerate(names, start=1):
        new = name or f"column_{place}"
        number = 2
        while new in seen or (new != name and new in taken):
            new = f"{name or f'column_{place}'}.{number}"
            number += 1
        if name and new != name:
            findings.append(
                Finding(
                    what=f"The name {name!r} is given to more than one column.",
                    column=new,
                    count=1,
                    action=f"Column {place} is called {new!r}.",
                    severity="warning",
                )
            )
        seen.add(new)
        result.append(new)
    return result
