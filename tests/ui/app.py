"""A page of the dashboard without a browser, opened by its link."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


def open_page(name: str, **link: str | list[str]) -> AppTest:
    """Open the page *name* with *link* in its address; "_" at the end of a key is left out."""
    app = AppTest.from_file(str(ROOT / "dashboard" / "main.py"), default_timeout=60)
    for key, value in link.items():
        app.query_params[key.removesuffix("_")] = value
    if name != "overview":
        # The first page is not drawn on the way: it would load the store of runs.
        app.switch_page(str(ROOT / "pages" / f"{name}.py"))
    return run(app)


def run(app: AppTest) -> AppTest:
    """Run the page again; no traceback is ever shown."""
    app.run()
    assert not app.exception, app.exception[0].message
    return app


def titles(app: AppTest) -> list[str]:
    return [title.value for title in app.title]


def errors(app: AppTest) -> list[str]:
    """Return what went wrong in the words of the page: title and text of each message."""
    return [f"{error.proto.title} {error.value}" for error in app.error]


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}
