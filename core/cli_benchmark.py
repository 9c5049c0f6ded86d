"""`fusionscope benchmark`: every detector over folders of labelled recordings."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from core.cli_train import Graph, Json
from core.console import err, out, print_json, print_table
from core.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

app = typer.Typer(no_args_is_help=True, help="Measure all variants on folders of labelled data.")


@app.callback()
def root() -> None:
    """Measure all variants on folders of labelled data."""


@app.command()
def anomaly(
    data: Annotated[Path, typer.Option("--data", help="Folder of recordings; see below.")],
    file: Annotated[Path, typer.Option("--out", help="Results: .csv. It is taken up again.")],
    variants: Annotated[
        str, typer.Option("--variants", help="Names with commas between; all when not given.")
    ] = "",
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of each detector with chance.")] = 1,
    thresholds: Annotated[
        str,
        typer.Option(
            "--thresholds", help="Rules of the metrics at a cut, a row each; the default one else."
        ),
    ] = "",
    keep: Annotated[
        Path | None,
        typer.Option("--keep", help="Folder that keeps scored results, to measure them again."),
    ] = None,
    only: Annotated[
        str, typer.Option("--sets", help="Names of sets with commas between; all when not given.")
    ] = "",
    most: Annotated[
        int | None, typer.Option("--most", min=1, help="At most so many entities of each set.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run detectors over every labelled recording below a folder and compare them.

    A folder directly below is a set. In it: .npz files with the arrays train, test and test_label
    (or ENTITY/train and so on), and CSV files with a column "anomaly", whose first 400 rows are
    for training. One row an entity, variant and seed; an interrupted run is taken up again. What
    is broken is named at the end, and the exit code is 1 then.

    JSON keys: out, rows, means (by metric and variant), differences, broken.
    """
    import pandas as pd

    from core.anomaly import benchmark, suites
    from core.anomaly.thresholds import THRESHOLDS, Decision
    from core.anomaly.variants import VARIANTS

    names = _chosen(variants, list(VARIANTS), "variant")
    rules = _chosen(thresholds, list(THRESHOLDS), "threshold") if thresholds else []
    decisions = tuple(Decision(threshold=THRESHOLDS[rule]()) for rule in rules) or (Decision(),)
    entities, broken = suites.find(data)
    sets = _chosen(only, list(dict.fromkeys(entity.suite for entity in entities)), "set")
    plan = benchmark.Plan(tuple(names), seeds, decisions, keep)
    wanted = [
        entity for name in sets for entity in [one for one in entities if one.suite == name][:most]
    ]
    broken |= benchmark.run(wanted, plan, file, lambda text: err.print(text, markup=False))
    if file.exists():
        results = pd.read_csv(file)
        results = results[results["threshold"] == decisions[0].threshold.kind]
        _tell(results, file, broken, as_json)
    _end(broken)


def _tell(results: pd.DataFrame, file: Path, broken: dict[str, str], as_json: bool) -> None:
    """Print the summary."""
    from core.anomaly import summary

    lead = summary.means(results)
    gaps = summary.differences(results, str(lead.index[0]))
    whole = summary.overview(results)
    if as_json:
        print_json(
            {
                "out": str(file),
                "rows": len(results),
                "means": {name: _plain(column) for name, column in whole.items()},
                "sets": {name: _plain(column) for name, column in lead.items()},
                "differences": gaps.to_dict("records"),
                "broken": broken,
            }
        )
        return
    out.print("Mean VUS-PR")
    print_table(["variant", *lead.columns], lead.reset_index().to_numpy())
    out.print("\nMean over the sets")
    print_table(["variant", *whole.columns], whole.reset_index().to_numpy())
    out.print(f"\nVUS-PR against {lead.index[0]}, paired bootstrap over entities")
    print_table(list(gaps.columns), gaps.to_numpy())


def _plain(column: pd.Series) -> dict[str, float]:
    """Return what is known, by variant."""
    return {str(name): float(value) for name, value in column.dropna().items()}


@app.command()
def gas(
    data: Annotated[
        list[str], typer.Option("--data", help="Data set, or folder or zip of a recording.")
    ],
    file: Annotated[Path, typer.Option("--out", help="Results: .csv. It is taken up again.")],
    variants: Annotated[
        str, typer.Option("--variants", help="Names with commas between; all when not given.")
    ] = "",
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of each model with chance.")] = 1,
    folds: Annotated[
        str, typer.Option("--folds", help="Numbers 0 to 4 with commas; all when not given.")
    ] = "",
    protocols: Annotated[
        str, typer.Option("--protocols", help="blocked, random, or both when not given.")
    ] = "",
    pairs: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of all runs; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run classifiers of gases on recordings, with the honest split beside the published one.

    Every variant is trained five times a split: blocked with an embargo of 20 and of 200 rows (one
    of them where whole sessions are held out), and on rows drawn at random. Where there is a
    camera, the table also says what is left without it, and without the sensors. One row a
    recording, split, fold, variant and seed; an interrupted run is taken up again. What fails is
    named at the end, and the exit code is 1 then.

    JSON keys: out, rows, table (each with set, setting, variant, blocked_20, blocked_200, random,
    gap and more: means over folds and seeds), broken.
    """
    import pandas as pd

    from core.gas import VARIANTS, Config, benchmark, open_recording

    names = _chosen(variants, list(VARIANTS), "variant")
    chosen = Config.from_settings(pairs or [])
    settings = {name: getattr(chosen, name) for name in sorted(chosen.model_fields_set)}
    chosen_folds = _chosen(folds, [str(fold) for fold in range(benchmark.FOLDS)], "fold")
    plan = benchmark.Plan(
        tuple(names),
        seeds,
        settings,
        tuple(map(int, chosen_folds)),
        tuple(_chosen(protocols, list(benchmark.PROTOCOLS), "protocol")),
    )
    cases = [benchmark.Case(Path(source).stem, partial(open_recording, source)) for source in data]
    broken = benchmark.run(cases, plan, file, lambda text: err.print(text, markup=False))
    if file.exists():
        _show(benchmark.summary(pd.read_csv(file)), file, broken, as_json)
    _end(broken)


def _show(table: pd.DataFrame, file: Path, broken: dict[str, str], as_json: bool) -> None:
    """Print the summary of one row a variant."""
    if as_json:
        rows = json.loads(table.to_json(orient="records"))
        print_json({"out": str(file), "rows": len(rows), "table": rows, "broken": broken})
        return
    shown = table.astype(object).where(table.notna(), "")
    print_table(list(table.columns), shown.to_numpy())


def _end(broken: dict[str, str]) -> NoReturn:
    """Name what failed, and end with the code that says whether anything did."""
    for name, problem in broken.items():
        err.print(f"Left out: {name}: {problem}", markup=False)
    raise typer.Exit(1 if broken else 0)


def _chosen(text: str, known: list[str], what: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    wrong = [name for name in names if name not in known]
    if wrong:
        raise ConfigError(f"There is no {what} {wrong[0]!r}.", f"Known are: {', '.join(known)}.")
    return names or known


@app.command()
def forecast(
    data: Annotated[
        list[str], typer.Option("--data", help="Data set, file, or folder of recordings.")
    ],
    file: Annotated[Path, typer.Option("--out", help="Results: .csv. It is taken up again.")],
    variants: Annotated[
        str, typer.Option("--variants", help="Names with commas between; all when not given.")
    ] = "",
    seeds: Annotated[int, typer.Option(min=1, help="Seeds of each model with chance.")] = 3,
    pairs: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of all runs; repeatable."),
    ] = None,
    graph: Graph = None,
    as_json: Json = False,
) -> None:
    """Run forecasters on recordings and compare them with the fusion network and the baselines.

    A known data set is forecast in its usual settings (los_loop 12 to 12 steps; beijing_air 24 to
    24 hours, and single targets of one station; ett 96 to 24 and 96, and OT); a file in the
    default ones; --set changes them. In a folder every CSV or Parquet file is a recording, but for
    a square table or one of places, which are its graph. Gaps are not filled. One row a
    recording, setting, variant and seed; an interrupted run is taken up again. What fails is named
    at the end, and the exit code is 1 then.

    JSON keys: out, rows, table (each with set, setting, variant, mae, rmse, skill, mase, coverage,
    gap, p, fit_seconds: means over seeds), broken. The gap is the mean absolute error less that
    of the fusion network; p is of the test of Diebold and Mariano.
    """
    import pandas as pd

    from core.forecast import VARIANTS, benchmark, collection

    names = _chosen(variants, list(VARIANTS), "variant")
    plan = benchmark.Plan(tuple(names), seeds)
    cases = collection.find(data, pairs or [], graph)
    broken = benchmark.run(cases, plan, file, lambda text: err.print(text, markup=False))
    if file.exists():
        _show(benchmark.summary(pd.read_csv(file)), file, broken, as_json)
    _end(broken)
