"""The registry of detectors: a new one is one entry here, and the contract tests find it."""

from __future__ import annotations

from dataclasses import dataclass

from core.anomaly.autoencoder import BiLstmAutoencoder, GruAutoencoder, LstmAutoencoder
from core.anomaly.baselines import Always, MaxZ, Pca, Random
from core.anomaly.clusters import Clusters
from core.anomaly.composite import LstmComposite
from core.anomaly.convolutional import ConvAutoencoder
from core.anomaly.ensemble import Ensemble
from core.anomaly.forest import Forest
from core.anomaly.mahalanobis import Mahalanobis
from core.anomaly.neighbours import WindowNeighbours
from core.anomaly.predictor import LstmPredictor
from core.anomaly.rolling import Rolling
from core.anomaly.scoring import Scoring
from core.anomaly.transformer import TransformerAutoencoder
from core.anomaly.variational import LstmVae
from core.anomaly.windowed_pca import WindowPca
from core.task import Variant

SPLIT = frozenset({"train_rows", "train_share", "lookback", "validation_share"})
ONE_PASS = SPLIT - {"validation_share", "lookback"}
OPTIMIZER = frozenset({"learning_rate", "batch_size", "epochs", "patience", "stride", "seed"})
NETWORK = SPLIT | OPTIMIZER | {"units", "layers", "dropout"}

PLAIN = Scoring()
# A row that a network cannot say is seldom alone: on recordings a mean over the rows around
# finds more than the rows do by themselves.
SMOOTH = Scoring(smoothing=50)


@dataclass(frozen=True, kw_only=True)
class DetectorVariant(Variant):
    """A variant of the anomaly task.

    Attributes:
        scoring: How its residuals become scores when nobody chooses another way.
        validates: Whether validation rows decide when its training stops; a variant without epochs
            learns from these rows as well.
    """

    scoring: Scoring = PLAIN
    validates: bool = True


_ALL = (
    DetectorVariant(
        name="lstm-autoencoder",
        label="LSTM autoencoder",
        help="Learns to write normal windows again from a short code; what it cannot is unusual "
        "(Malhotra et al. 2016). The first choice for sensors that follow patterns in time.",
        build=LstmAutoencoder,
        reads=NETWORK,
        scoring=SMOOTH,
    ),
    DetectorVariant(
        name="gru-autoencoder",
        label="GRU autoencoder",
        help="The LSTM autoencoder of gated recurrent units, with a quarter fewer weights "
        "(Cho et al. 2014). Choose it when there are few training rows.",
        build=GruAutoencoder,
        reads=NETWORK,
        scoring=SMOOTH,
    ),
    DetectorVariant(
        name="bilstm-autoencoder",
        label="Bidirectional LSTM autoencoder",
        help="The LSTM autoencoder with layers that read a window in both directions "
        "(Schuster and Paliwal 1997). Twice the weights, for patterns known from both sides.",
        build=BiLstmAutoencoder,
        reads=NETWORK,
        scoring=SMOOTH,
    ),
    DetectorVariant(
        name="lstm-predictor",
        label="LSTM predictor",
        help="Says the next reading from those before; what was not announced is unusual "
        "(Hundman et al. 2018). Looks only back, so it suits streams and sudden changes.",
        build=LstmPredictor,
        reads=NETWORK,
        scoring=SMOOTH,
    ),
    DetectorVariant(
        name="conv-autoencoder",
        label="Convolutional autoencoder",
        help="Writes windows again from a code made by convolutions in time (Masci et al. 2011). "
        "Trains faster than recurrent networks and suits short local patterns.",
        build=ConvAutoencoder,
        reads=NETWORK | {"kernel", "latent"},
        scoring=SMOOTH,
    ),
    DetectorVariant(
        name="lstm-composite",
        label="LSTM, predicting and reconstructing",
        help="One code from which the past is written again and the future is predicted "
        "(Srivastava et al. 2015). Notices both a strange window and a strange continuation.",
        build=LstmComposite,
        reads=NETWORK,
        scoring=SMOOTH,
    ),
    DetectorVariant(
        name="transformer-autoencoder",
        label="Transformer autoencoder",
        help="Writes windows again from a code in which every row was compared with every other "
        "(Vaswani et al. 2017). For long windows, whose ends a recurrent network forgets.",
        build=TransformerAutoencoder,
        reads=NETWORK | {"heads"},
        scoring=SMOOTH,
    ),
    DetectorVariant(
        name="lstm-vae",
        label="Variational LSTM autoencoder",
        help="The LSTM autoencoder with a code that is drawn at random in training, so that "
        "similar windows have similar codes (Park et al. 2018). For noisy or few training rows.",
        build=LstmVae,
        reads=NETWORK | {"latent", "kl_weight"},
        scoring=SMOOTH,
    ),
    DetectorVariant(
        name="pca",
        label="PCA reconstruction",
        help="Learns which channels move together in a single row; the rest is unusual. "
        "Fast, blind to time, and hard to beat.",
        build=Pca,
        reads=SPLIT | {"variance"},
        baseline=True,
        companion=True,
    ),
    DetectorVariant(
        name="max-z",
        label="Largest z-score",
        help="The largest distance of any channel from its training mean, in standard deviations.",
        build=MaxZ,
        reads=SPLIT,
        baseline=True,
        companion=True,
        scoring=Scoring(kind="largest"),
    ),
    DetectorVariant(
        name="random",
        label="Random",
        help="Noise: what the metrics give to a detector that has seen nothing.",
        build=Random,
        reads=SPLIT | {"seed"},
        baseline=True,
        companion=True,
    ),
    DetectorVariant(
        name="ensemble",
        label="Ensemble without a network",
        help="Joins nearest neighbours, principal components of windows and rolling statistics. "
        "Trains in seconds and is the one to beat; the first choice for most recordings.",
        build=Ensemble,
        reads=ONE_PASS | {"variance", "causal"},
        validates=False,
    ),
    DetectorVariant(
        name="knn-windows",
        label="Nearest neighbours",
        help="The distance to the most similar windows of 1, 10, 30 and 100 rows in the training "
        "rows (Ramaswamy et al. 2000). Strong where normal courses repeat.",
        build=WindowNeighbours,
        reads=ONE_PASS | {"causal"},
        validates=False,
        baseline=True,
    ),
    DetectorVariant(
        name="pca-windows",
        label="PCA on windows",
        help="Learns which courses over 100 rows the channels take together; the rest is unusual.",
        build=WindowPca,
        reads=ONE_PASS | {"variance", "causal"},
        validates=False,
        baseline=True,
    ),
    DetectorVariant(
        name="rolling",
        label="Rolling statistics",
        help="Mean, deviation and steps of each channel over 10, 30 and 100 rows, in standard "
        "deviations from training. Sees drift, noise and stuck sensors.",
        build=Rolling,
        reads=ONE_PASS | {"causal"},
        validates=False,
        baseline=True,
    ),
    DetectorVariant(
        name="mahalanobis",
        label="Mahalanobis distance",
        help="The distance of a single row from the training mean, given which channels move "
        "together (Mahalanobis 1936).",
        build=Mahalanobis,
        reads=ONE_PASS,
        validates=False,
        baseline=True,
    ),
    DetectorVariant(
        name="isolation-forest",
        label="Isolation forest",
        help="How few random cuts set a row apart from the training rows (Liu et al. 2008).",
        build=Forest,
        reads=ONE_PASS | {"seed"},
        validates=False,
        baseline=True,
    ),
    DetectorVariant(
        name="k-means",
        label="k-means on windows",
        help="The distance of 30 rows to the nearest of 20 usual courses in the training rows.",
        build=Clusters,
        reads=ONE_PASS | {"causal", "seed"},
        validates=False,
        baseline=True,
    ),
    DetectorVariant(
        name="all-positive",
        label="Always",
        help="The same score everywhere: what the metrics give to an alarm that never ends.",
        build=Always,
        reads=ONE_PASS,
        validates=False,
        baseline=True,
    ),
)

COMBINED = DetectorVariant(
    name="combined",
    label="Ensemble of runs",
    help="The mean of the ranks or p-values of chosen runs on one recording.",
    build=lambda config: None,
    reads=frozenset({"members", "by"}),
    validates=False,
)
# Those that are trained, and those that runs may name.
VARIANTS: dict[str, DetectorVariant] = {variant.name: variant for variant in _ALL}
KNOWN = VARIANTS | {COMBINED.name: COMBINED}
