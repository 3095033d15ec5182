"""Training settings: engine, optimizer, schedule, loss, batches, epochs."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

LearningRate = Annotated[
    float,
    Meta(
        title="Learning rate",
        description="How far each update moves the weights; the most important number of all. Can be changed while "
        "training.",
        ge=0,
        le=100,
    ),
]
EpochNumber = Annotated[str, Meta(pattern="^[1-9][0-9]{0,6}$")]
"""A whole number from 1 on. Names in JSON are always text."""
Limit = Annotated[float, Meta(gt=0, le=1e6)]
Fraction = Annotated[float, Meta(ge=0, lt=1)]
OptimizerEpsilon = Annotated[
    float, Meta(title="Epsilon", description="Keeps the division from blowing up where gradients are tiny.", gt=0, le=1)
]
Beta1 = Annotated[
    Fraction, Meta(title="Beta 1", description="How slowly the running mean of the gradient follows; rarely changed.")
]
Beta2 = Annotated[
    Fraction, Meta(title="Beta 2", description="How slowly the running mean of its square follows; rarely changed.")
]


class _Tagged(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag=True, kw_only=True):
    pass


class SGD(_Tagged, frozen=True):
    """v ← momentum·v − α·g, w ← w + v (nesterov: w ← w + momentum·v − α·g)."""

    learning_rate: LearningRate = 0.01
    momentum: Annotated[
        Fraction,
        Meta(
            title="Momentum",
            description="How much of the last step is kept. The textbook form v ← βv + (1 − β)g is this one with "
            "α(1 − β) as the rate.",
        ),
    ] = 0.0
    nesterov: Annotated[bool, Meta(title="Nesterov", description="Looks ahead along the momentum before it steps.")] = (
        False
    )


class RMSprop(_Tagged, frozen=True):
    """s ← ρ·s + (1 − ρ)·g², w ← w − α·g / √(s + ε); the centred form subtracts the squared mean of g."""

    learning_rate: LearningRate = 0.001
    rho: Annotated[
        Fraction, Meta(title="Rho", description="How slowly the running mean of the squared gradient follows.")
    ] = 0.9
    momentum: Annotated[Fraction, Meta(title="Momentum", description="How much of the last step is kept.")] = 0.0
    epsilon: OptimizerEpsilon = 1e-7
    centered: Annotated[
        bool, Meta(title="Centered", description="Divides by the deviation of the gradient instead of its size.")
    ] = False


class Adam(_Tagged, frozen=True):
    """m ← m + (1 − β₁)(g − m), v ← v + (1 − β₂)(g² − v), w ← w − α·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m/(√v + ε)."""

    learning_rate: LearningRate = 0.001
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: OptimizerEpsilon = 1e-7


class AdamW(_Tagged, frozen=True):
    """Adam with weight decay apart from the gradient: before each of its steps, w ← w − α·λ·w."""

    learning_rate: LearningRate = 0.001
    weight_decay: Annotated[
        float,
        Meta(title="Weight decay", description="Share by which every weight shrinks, times the rate.", ge=0, le=1),
    ] = 0.004
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: OptimizerEpsilon = 1e-7


class Adagrad(_Tagged, frozen=True):
    """s ← s + g², w ← w − α·g / √(s + ε)."""

    learning_rate: LearningRate = 0.001
    initial_accumulator_value: Annotated[
        float, Meta(title="Initial accumulator", description="Where the running sum of squares starts.", ge=0, le=10)
    ] = 0.1
    epsilon: OptimizerEpsilon = 1e-7


class Adamax(_Tagged, frozen=True):
    """Adam with the largest recent gradient as its measure: u ← max(β₂·u, |g|), w ← w − α/(1 − β₁ᵗ) · m/(u + ε)."""

    learning_rate: LearningRate = 0.001
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: OptimizerEpsilon = 1e-7


class Nadam(_Tagged, frozen=True):
    """Adam with Nesterov's look ahead: steps along the running mean of the gradient as it is expected to be next."""

    learning_rate: LearningRate = 0.001
    beta_1: Beta1 = 0.9
    beta_2: Beta2 = 0.999
    epsilon: OptimizerEpsilon = 1e-7


Optimizer = SGD | RMSprop | Adam | AdamW | Adagrad | Adamax | Nadam


class ConstantSchedule(_Tagged, frozen=True, tag="constant"):
    """The rate stays."""


class InverseTimeSchedule(_Tagged, frozen=True, tag="inverse_time"):
    """α₀ / (1 + d·e)."""

    decay_rate: Annotated[float, Meta(title="Decay rate", description="d in α₀ / (1 + d·epoch).", ge=0, le=100)] = 0.1


class ExponentialSchedule(_Tagged, frozen=True, tag="exponential"):
    """α₀ · baseᵉ."""

    base: Annotated[
        float, Meta(title="Base", description="The rate is multiplied by this after every epoch.", gt=0, le=1)
    ] = 0.97


class SquareRootSchedule(_Tagged, frozen=True, tag="square_root"):
    """k · α₀ / √e, with e = 1 for the first epoch."""

    k: Annotated[float, Meta(title="k", description="Factor in k·α₀ / √epoch.", gt=0, le=100)] = 1.0


class StepSchedule(_Tagged, frozen=True, tag="step"):
    """α₀ · factor^⌊e / every⌋."""

    every: Annotated[int, Meta(title="Every", description="After how many epochs the rate drops.", ge=1, le=100000)] = (
        10
    )
    factor: Annotated[
        float, Meta(title="Factor", description="What the rate is multiplied by at each drop.", gt=0, le=1)
    ] = 0.5


class CosineSchedule(_Tagged, frozen=True, tag="cosine"):
    """α₀ · (1 + cos(π·e / epochs)) / 2."""


class TableSchedule(_Tagged, frozen=True, tag="table"):
    """From each named epoch on (the first is 1), the rate given for it; α₀ before the first."""

    rates: Annotated[
        dict[EpochNumber, Annotated[float, Meta(ge=0, le=100)]],
        Meta(title="Rates", description="Epoch → learning rate from then on."),
    ] = msgspec.field(default_factory=dict)


class PlateauSchedule(_Tagged, frozen=True, tag="plateau"):
    """Multiplied by the factor whenever the validation loss has not fallen for `patience` epochs."""

    patience: Annotated[
        int, Meta(title="Patience", description="How many epochs without progress are waited for.", ge=1, le=10000)
    ] = 5
    factor: Annotated[float, Meta(title="Factor", description="What the rate is then multiplied by.", gt=0, lt=1)] = 0.5


Schedule = (
    ConstantSchedule
    | InverseTimeSchedule
    | ExponentialSchedule
    | SquareRootSchedule
    | StepSchedule
    | CosineSchedule
    | TableSchedule
    | PlateauSchedule
)


class Supervised(_Tagged, frozen=True, tag="supervised"):
    """Learn to predict the target of each sample."""


class NextToken(_Tagged, frozen=True, tag="next_token"):
    """Learn to tell, after each token of a text, which one comes next."""


class TeacherForcing(_Tagged, frozen=True, tag="teacher_forcing"):
    """Learn to write a target from a source, being told at each place what was right before it."""


class Adversarial(_Tagged, frozen=True, tag="adversarial"):
    """A generator learns to make samples that a discriminator, trained in turn with it, takes for real ones."""

    label_smoothing: Annotated[
        float,
        Meta(
            title="Label smoothing",
            description="Real samples count as 1 less this much, so that the discriminator never gets too sure.",
            ge=0,
            le=0.5,
        ),
    ] = 0.1


Objective = Supervised | NextToken | TeacherForcing | Adversarial


class Clip(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Limits on the gradient. At most one is set."""

    value: Annotated[Limit | None, Meta(title="Value", description="Largest size of any single gradient.")] = None
    norm: Annotated[
        Limit | None, Meta(title="Norm", description="Largest norm of the gradient of each weight tensor.")
    ] = None
    global_norm: Annotated[
        Limit | None, Meta(title="Global norm", description="Largest norm of all gradients together.")
    ] = None


class EarlyStopping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """End the run when a figure has not improved for a while."""

    monitor: Annotated[
        str, Meta(title="Monitor", description="Which figure must improve: val_loss, val_accuracy, loss, …")
    ] = "val_loss"
    patience: Annotated[
        int, Meta(title="Patience", description="How many epochs without progress are waited for.", ge=1, le=100000)
    ] = 10
    restore_best: Annotated[
        bool, Meta(title="Restore best", description="Ends with the weights of the best epoch instead of the last one.")
    ] = True


LossName = Literal["binary_crossentropy", "categorical_crossentropy", "mean_squared_error", "mean_absolute_error"]
MetricName = Literal["accuracy", "auc", "precision", "recall", "mae", "mse"]


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the model is trained."""

    engine: Annotated[
        Literal["keras", "scratch"],
        Meta(title="Engine", description="What computes: Keras on TensorFlow, or our own readable numpy engine."),
    ] = "keras"
    objective: Annotated[
        Objective, Meta(title="Objective", description="What is learned, and from what the model is told is right.")
    ] = Supervised()
    optimizer: Annotated[
        Optimizer, Meta(title="Optimizer", description="The rule by which gradients become steps of the weights.")
    ] = Adam()
    schedule: Annotated[
        Schedule, Meta(title="Schedule", description="How the learning rate changes from epoch to epoch.")
    ] = ConstantSchedule()
    loss: Annotated[
        Literal["auto"] | LossName,
        Meta(title="Loss", description="What training makes small; auto chooses it by the data and the output layer."),
    ] = "auto"
    metrics: Annotated[
        Literal["auto"] | tuple[MetricName, ...],
        Meta(title="Metrics", description="Further figures to watch; auto is accuracy for classes, mae for numbers."),
    ] = "auto"
    batch_size: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)] | Literal["all"],
        Meta(title="Batch size", description="How many samples are averaged for each update; all means full batch."),
    ] = 32
    epochs: Annotated[
        int, Meta(title="Epochs", description="How often the whole training split is gone through.", ge=1, le=1_000_000)
    ] = 30
    seed: Annotated[
        int,
        Meta(title="Seed", description="Makes initial weights, shuffling and dropout repeatable.", ge=0, le=2**31 - 1),
    ] = 0
    class_weight: Annotated[
        Literal["none", "balanced"] | dict[str, Annotated[float, Meta(ge=0, le=10000)]],
        Meta(
            title="Class weight",
            description="balanced makes rare classes count more, so that each class counts the same.",
        ),
    ] = "none"
    clip: Annotated[Clip, Meta(title="Clip gradients", description="Limits gradients that grow too large.")] = Clip()
    early_stopping: Annotated[
        EarlyStopping | None, Meta(title="Early stopping", description="Ends the run when it no longer improves.")
    ] = None
