"""The registry of gas classifiers: a new one is one entry here."""

from __future__ import annotations

from core.gas.attention import CrossAttention
from core.gas.baselines import Lda, Nearest
from core.gas.colour import MeanColour
from core.gas.early import EarlyFusion
from core.gas.forests import Forest, ForestWindows
from core.gas.frame_windows import FrameWindows
from core.gas.late import LateFusion
from core.gas.recurrent import BiLstm
from core.gas.scenarios import CosineFusion, SensorCnn, ThermalCnn, WaveletFusion
from core.gas.windows import Windows
from core.task import Variant

_ROWS = frozenset({"protocol", "fold", "embargo", "warm_up"})
_TRAINING = frozenset({"epochs", "batch_size", "learning_rate", "patience", "seed"})
_NETWORK = _ROWS | _TRAINING | {"lookback", "units", "dropout"}
_IMAGES = frozenset({"image_size", "weights", "tuning", "tuning_epochs", "augment"})
_CAMERA = _IMAGES | {"camera", "scene", "backbone"}
_SENSORS = _IMAGES | {"image", "backbone"}

_ALL = (
    Variant(
        "late",
        "Late fusion",
        "Sensors and frames are asked each for itself, and their answers multiplied (Kittler et "
        "al. 1998): trained in a minute, and either goes on alone when the other fails.",
        LateFusion,
        _ROWS | {"camera", "seed"},
        version=2,
    ),
    Variant(
        "attention",
        "Cross-modal attention",
        "Sensors and frames attend to each other over the last rows (Tsai et al. 2019), and learn "
        "to do without either one (Neverova et al. 2016). Choose it where a camera may fail.",
        CrossAttention,
        _NETWORK | _CAMERA | {"heads", "modality_dropout"},
    ),
    Variant(
        "dct",
        "Cosine fusion, multitask",
        "Three CNNs on both modalities, joined by the cosine transform; a Bi-LSTM detects and "
        "identifies (Attallah 2023, scenario III).",
        CosineFusion,
        (_NETWORK | _CAMERA | _SENSORS | {"coefficients", "cnns"}) - {"backbone"},
    ),
    Variant(
        "dwt",
        "Wavelet fusion",
        "One CNN on both modalities, joined by the wavelet transform, and a Bi-LSTM (Attallah "
        "2023, scenario II).",
        WaveletFusion,
        _NETWORK | _CAMERA | _SENSORS | {"coefficients", "wavelet", "level"},
    ),
    Variant(
        "early",
        "Early fusion",
        "An LSTM on the sensors and a CNN on the frame, joined before dense layers (Narkhede et "
        "al. 2021).",
        EarlyFusion,
        _NETWORK | _CAMERA,
    ),
    Variant(
        "thermal-cnn",
        "CNN, frames",
        "A CNN on the frames alone, and a Bi-LSTM (Attallah 2023, scenario I).",
        ThermalCnn,
        _NETWORK | _CAMERA,
    ),
    Variant(
        "thermal-windows",
        "Several windows, frames",
        "Trees and a linear model on what moved in the last 15, 30, 60 and 120 frames.",
        FrameWindows,
        _ROWS | {"camera", "seed"},
        version=2,
    ),
    Variant(
        "sensor-cnn",
        "CNN, sensors",
        "A CNN on images of the readings alone, and a Bi-LSTM (Attallah 2023, scenario I).",
        SensorCnn,
        _NETWORK | _SENSORS,
    ),
    Variant(
        "bilstm",
        "BiLSTM, sensors",
        "The last rows of the sensors, read forwards and backwards (Schuster and Paliwal 1997).",
        BiLstm,
        _ROWS | _TRAINING | {"lookback", "units", "dropout"},
    ),
    Variant(
        "windows",
        "Several windows, sensors",
        "Trees and a linear model on statistics of the last 15, 30, 60 and 120 rows: trained in "
        "seconds.",
        Windows,
        _ROWS | {"seed"},
    ),
    Variant(
        "forest-windows",
        "Random forest on windows",
        "Trees on statistics of the last rows of every sensor (Breiman 2001).",
        ForestWindows,
        _ROWS | {"lookback", "seed"},
        baseline=True,
        companion=True,
    ),
    Variant(
        "forest",
        "Random forest on rows",
        "Trees on the readings of one row (Breiman 2001).",
        Forest,
        _ROWS | {"seed"},
        baseline=True,
    ),
    Variant(
        "mean-colour",
        "Mean colour",
        "Trees on the mean colour of the frame (Breiman 2001): where it is good, frames tell the "
        "class by their scene and not by the gas.",
        MeanColour,
        _ROWS | {"camera", "seed"},
        baseline=True,
    ),
    Variant(
        "lda",
        "Linear discriminant",
        "One normal cloud a class, all of one shape (Fisher 1936).",
        Lda,
        _ROWS,
        baseline=True,
        companion=True,
    ),
    Variant(
        "nearest",
        "Nearest neighbour",
        "The class of the most similar training row (Cover and Hart 1967).",
        Nearest,
        _ROWS,
        baseline=True,
        companion=True,
    ),
)
VARIANTS: dict[str, Variant] = {variant.name: variant for variant in _ALL}
