"""`fusionscope`: the same work as the pages, from a terminal or a script.

A mistake of the user ends with exit code 2 and one line on standard error that says how to mend
it. `--json` prints one JSON object; each command names its keys.
"""

from __future__ import annotations

import os
import subprocess
import sys
import traceback
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

import core
from core import cli_benchmark, cli_forecast, cli_gas, cli_train, tables
from core.cli_compare import compare
from core.cli_drift import drift
from core.cli_life import life
from core.cli_report import report
from core.cli_sweep import sweep
from core.cli_train import Graph as GraphFile
from core.cli_train import Json
from core.console import err, out, print_json, print_pairs, print_table
from core.data import Graph, catalog, open_dataset, open_recording, simulate
from core.data.archive import is_archive
from core.data.dataset import Dataset, Roles
from core.errors import Cancelled, FusionscopeError, StorageError
from core.settings import settings

# One pool of memory for all threads, given back when it is free: a server that has opened a long
# recording would keep a hundred megabytes otherwise.
LEAN = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_TRIM_THRESHOLD_": "131072",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
data_app = typer.Typer(no_args_is_help=True, help="Data sets: what is there, is a file usable?")
runs_app = typer.Typer(no_args_is_help=True, help="Stored runs.")
app.add_typer(data_app, name="data")
app.add_typer(cli_train.app, name="train")
app.add_typer(cli_forecast.ablate, name="ablate")
app.add_typer(runs_app, name="runs")
app.add_typer(cli_gas.app, name="gas")
app.add_typer(cli_benchmark.app, name="benchmark")
app.command()(life)
app.command()(cli_forecast.forecast)
app.command()(drift)
app.command()(compare)
app.command()(report)
app.command()(sweep)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """A workbench for multi-sensor data: train, tune, compare and show models."""
    if version:
        out.print(core.__version__)
        raise typer.Exit


@app.command()
def serve(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8501,
    address: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Start the dashboard."""
    spec = find_spec("dashboard")
    if spec is None or spec.submodule_search_locations is None:
        raise StorageError(
            "The dashboard is not installed.", "Install it with: pip install -r requirements.txt."
        )
    folder = Path(spec.submodule_search_locations[0])
    # Streamlit looks for .streamlit/ in the working folder; the home folder may be relative.
    os.environ["FUSIONSCOPE_HOME"] = str(settings().home.absolute())
    for name, value in LEAN.items():
        os.environ.setdefault(name, value)
    os.chdir(folder.parent)
    command = [sys.executable, "-m", "streamlit", "run", str(folder / "app.py")]
    options = [f"--server.port={port}", f"--server.address={address}"]
    if browser:
        here = "127.0.0.1" if address == "0.0.0.0" else address
        subprocess.Popen([sys.executable, "-m", "core.browse", f"http://{here}:{port}/"])
    # Not headless, Streamlit would open the browser by itself, and advertise to developers there.
    options.append("--server.headless=true")
    os.execv(sys.executable, command + options)  # its signals are Streamlit's from here on


@app.command("simulate")
def simulate_samples(
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="Folder; the samples of the project when not given."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the sample data again, byte for byte. JSON keys: files."""
    from core.gas.write import write_sample

    folder = folder or catalog.SAMPLES
    files = [str(path) for path in [*simulate.write_samples(folder), write_sample(folder)]]
    if as_json:
        print_json({"files": files})
    else:
        for name in files:
            out.print(name, markup=False)


@data_app.command("list")
def data_list(as_json: Json = False) -> None:
    """List samples, public sets and uploads. JSON keys: datasets, each with name, kind, licence."""
    entries = catalog.entries()
    if as_json:
        fields = ("name", "kind", "label", "description", "licence", "available")
        print_json({"datasets": [{name: getattr(e, name) for name in fields} for e in entries]})
        return
    print_table(
        ["name", "kind", "here", "licence", "description"],
        [(e.name, e.kind, e.available, e.licence, e.label) for e in entries],
    )


@data_app.command("fetch")
def data_fetch(
    name: Annotated[str, typer.Argument(help="Name of a public set; see: data list.")],
    yes: Annotated[bool, typer.Option("--yes", help="Accept the licence without asking.")] = False,
) -> None:
    """Download a public data set, after its licence was shown."""
    entry = catalog.entry(name)
    out.print(f"{entry.label}: {entry.licence}. Source: {entry.url}", markup=False)
    if not yes and not typer.confirm("Download it under this licence?"):
        raise typer.Exit(1)
    catalog.fetch(name)
    out.print(f"{name} is ready.", markup=False)


@data_app.command("check")
def data_check(
    path: Annotated[str, typer.Argument(help="CSV or Parquet file, or the name of a data set.")],
    graph: GraphFile = None,
    as_json: Json = False,
) -> None:
    """Read a recording and report what was found in it; of one of gases in its frames as well.

    JSON keys: rows, channels, entities, findings (each with what, column, rows, count, action,
    severity), roles, step_seconds, start, end, labelled_rows, graph (null, or nodes, edges and
    parts; edges and parts are null where only places are known).
    """
    dataset = _of_gas(path) or open_dataset(path, graph=graph)
    facts = _facts(dataset)
    if as_json:
        findings = [finding.model_dump() for finding in dataset.findings]
        print_json(facts | {"findings": findings})
        return
    shown = facts | {"channels": ", ".join(facts["channels"]), "entities": len(facts["entities"])}
    print_pairs({name: value for name, value in shown.items() if name not in ("roles", "graph")})
    if facts["graph"] is not None:
        known = {name: value for name, value in facts["graph"].items() if value is not None}
        said = ", ".join(f"{value} {name}" for name, value in known.items())
        print_pairs({"graph": said})
    out.print()
    print_table(
        ["severity", "column", "rows", "finding", "what is done"],
        [(f.severity, f.column, f.rows, f.what, f.action) for f in dataset.findings],
    )


def _of_gas(path: str) -> Dataset | None:
    """Return the recording of gases that a folder, a zip or a data set is; None if it is none."""
    if catalog.known(path):
        packed = catalog.entry(path).gas and catalog.entry(path).available
    else:
        packed = is_archive(Path(path))
    if not packed:
        return None
    from core import gas

    recording = gas.open_recording(path)
    return recording if recording.classes or recording.frames else None


def _facts(dataset: Dataset) -> dict[str, Any]:
    time, labels = dataset.time, dataset.labels
    return {
        "rows": len(dataset),
        "channels": list(dataset.channels),
        "entities": list(dataset.entities),
        "roles": dataset.roles.model_dump(),
        "step_seconds": dataset.step.total_seconds() if dataset.step is not None else None,
        "start": None if time is None else str(time.min()),
        "end": None if time is None else str(time.max()),
        "labelled_rows": None if labels is None else int(labels.sum()),
        "graph": None if dataset.graph is None else _graph_facts(dataset.graph),
    }


def _graph_facts(graph: Graph) -> dict[str, int | None]:
    if graph.weights is None:
        return {"nodes": len(graph.nodes), "edges": None, "parts": None}
    return {"nodes": len(graph.nodes), "edges": graph.edges, "parts": graph.parts}


@app.command()
def score(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Name of a run.")],
    data: Annotated[str, typer.Option("--data", help="Name of a data set, or path of a file.")],
    file: Annotated[Path, typer.Option("--out", help="Scores: .csv or .parquet.")],
    events_file: Annotated[Path | None, typer.Option("--events", help="Events: .csv.")] = None,
    as_json: Json = False,
) -> None:
    """Score a recording with a stored run and its chosen threshold.

    A Parquet file that is too long to hold is read and judged piece by piece, with the same
    numbers. The console lists the worst events, the files hold all.

    JSON keys: run, data, rows, cut, events, out, verdict (whether the run should be trusted on
    this recording, null where that is not known), and the metrics where there are labels. The file
    has one row a step: time and entity where the recording has them, score, flagged.
    """
    from core import anomaly, runs

    run = runs.get(name)
    dataset = open_recording(data, Roles.model_validate(run.roles))
    fitted = run.fitted()
    result = anomaly.predict(fitted, dataset)
    decision = anomaly.Decision.parse(run.decision() or {})
    outcome = anomaly.decide(result, decision)
    scored = outcome.result.steps
    columns = [column for column in ("entity", "time", "score") if column in scored]
    steps = scored[columns].assign(flagged=anomaly.flags(outcome.found, len(result)))
    tables.write(steps, file)
    table = anomaly.event_table(outcome, None)
    if events_file is not None:
        tables.write(table, events_file)
    metrics = anomaly.measure(outcome.result, outcome.found, outcome.level, outcome.result.truth)
    content = {"run": run.name, "data": dataset.name, "rows": len(result), "out": str(file)}
    content["verdict"] = None
    if fitted.profile and isinstance(dataset, Dataset):  # a file in pieces is not compared
        content["verdict"] = anomaly.drift(fitted.profile, dataset).verdict
    if as_json:
        print_json(content | {"events": len(table), "cut": metrics["cut"], "metrics": metrics})
        return
    said = {name: value for name, value in content.items() if value is not None}
    print_pairs(said | metrics)
    shown = table.nlargest(anomaly.LISTED, "peak").sort_values("event")
    print_table(
        ["event", "start", "end", "steps", "peak", "channel", "share"],
        shown[["event", "start", "end", "steps", "peak", "channel", "share"]].to_numpy(),
    )


@app.command()
def combine(
    names: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Names of runs.")],
    by: Annotated[str, typer.Option("--by", help="p-value or rank.")] = "p-value",
    as_json: Json = False,
) -> None:
    """Join detectors that were trained on one recording into an ensemble, stored as a run.

    JSON keys: run, key, cached, metrics.
    """
    from core.combine import combine as combine_runs

    run, cached = combine_runs(names, by)
    content = {"run": run.name, "key": run.key, "cached": cached}
    if as_json:
        print_json(content | {"metrics": run.metrics})
        return
    print_pairs(content | run.metrics)


@runs_app.command("list")
def runs_list(
    task: Annotated[str | None, typer.Option(help="Only runs of this task.")] = None,
    data: Annotated[str | None, typer.Option("--data", help="Only runs on this data set.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Newest runs to list.")] = 50,
    as_json: Json = False,
) -> None:
    """List stored runs, newest first. JSON keys: total, runs."""
    from core import runs

    table, total = runs.table(task=task, dataset=data, limit=limit)
    if as_json:
        # pandas writes NaN as null, which JSON's own writer does not know.
        import json

        print_json(
            {"total": total, "runs": json.loads(table.to_json(orient="records", date_format="iso"))}
        )
        return
    table["created"] = table["created"].dt.strftime("%Y-%m-%d %H:%M UTC")
    columns = ["name", "task", "variant", "dataset", "champion", "created", "seconds"]
    print_table(columns, table[columns].to_numpy())
    if total > len(table):
        out.print(f"{len(table)} of {total} runs; --limit shows more.")


@runs_app.command("show")
def runs_show(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Name of a run.")],
    as_json: Json = False,
) -> None:
    """Show the card of a run. JSON keys: run, key, champion, tags, created, card."""
    from core import runs

    run = runs.get(name)
    card = run.card()
    about = {"run": run.name, "key": run.key, "champion": run.champion, "tags": run.tags}
    about["created"] = run.created.isoformat()
    if as_json:
        print_json(about | {"card": card})
        return
    print_pairs(about | {"dataset": run.dataset, "variant": run.variant})
    for section in ("run", "split", "fitted", "metrics", "versions", "machine"):
        out.print(f"\n{section}", style="bold")
        print_pairs(card[section])


@runs_app.command("export")
def runs_export(
    name: Annotated[str, typer.Argument(metavar="RUN", help="Name of a run.")],
    file: Annotated[Path, typer.Option("--out", help="Zip file to write.")],
    as_json: Json = False,
) -> None:
    """Write model, scores, history and card of a run into a zip file. JSON keys: run, out."""
    from core import runs

    run = runs.get(name)
    runs.export(run, file)
    if as_json:
        print_json({"run": run.name, "out": str(file)})
    else:
        out.print(f"{run.name} is in {file}.", markup=False)


def main() -> NoReturn:
    """Run the command line; every ending is an exit code and at most one line of explanation."""
    try:
        code = app(standalone_mode=False)
    except Cancelled as stopped:
        _fail(str(stopped), 130)
    except FusionscopeError as error:
        _fail(str(error), 2)
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "fusionscope"
        _fail(f"{error.format_message()} See: {command} --help.", 2)
    except (KeyboardInterrupt, typer.Abort):
        _fail("Stopped.", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  the last resort: a traceback belongs into a file
        _fail(f"Unexpected error, {type(error).__name__}: {error}. Details: {_log()}.", 1)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(line: str, code: int) -> NoReturn:
    err.print(" ".join(line.split()), markup=False)
    sys.exit(code)


def _log() -> Path:
    """Write the traceback in hand to a file and return its path."""
    folder = settings().home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.log"
    path.write_text(traceback.format_exc())
    return path
