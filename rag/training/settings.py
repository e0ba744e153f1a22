"""What may be set about training a reader, with defaults, units and ranges; read from one TOML file."""

from __future__ import annotations

from pydantic import Field, model_validator

from index.training.questions import HELD_OUT
from index.training.recipe import Part, Recipe
from rag.training.examples import Source


class Mixture(Part):
    """How many windows to make of each source, and of which kinds."""

    news: int = Field(default=22_000, ge=0, description="Chinese questions made from news sentences")
    gloss: int = Field(default=7_000, ge=0, description="the same, put into English word by word")
    pages: int = Field(default=0, ge=0, description="questions on newspaper pages written for this project")
    parallel: int = Field(
        default=11_000, ge=0, description="English questions on Chinese sentences, by parallel text"
    )
    english_news: int = Field(
        default=3_500, ge=0, description="English questions on English sentences of that text"
    )
    cmrc: int = Field(default=11_000, ge=0, description="questions of CMRC 2018's training part")
    jaquad: int = Field(default=13_000, ge=0, description="questions of JaQuAD's training part")
    english: int = Field(default=3_200, ge=0, description="English questions that people asked")
    asked_en: int = Field(
        default=0,
        ge=0,
        description="Chinese and English questions written for this project on those contexts",
    )
    asked_zh: int = Field(
        default=0, ge=0, description="Chinese and English questions written for it on CMRC's contexts"
    )
    marked_en: int = Field(
        default=0, ge=0, description="as asked_en, with answers as long as those that people marked there"
    )
    marked_zh: int = Field(default=0, ge=0, description="as asked_zh, with answers as long as CMRC's")
    fiction: int = Field(
        default=0, ge=0, description="more questions on the stories among the passages written for it"
    )
    written_en: int = Field(
        default=0, ge=0, description="English questions on English passages written for this project"
    )
    written_ko: int = Field(
        default=0, ge=0, description="Korean and English questions on Korean passages written for it"
    )
    written_marked_en: int = Field(
        default=0, ge=0, description="as written_en, other passages, with answers as long as people mark them"
    )
    written_marked_zh: int = Field(default=0, ge=0, description="as written_zh, the same way")
    written_zh: int = Field(
        default=0, ge=0, description="Chinese and English questions on Chinese passages written for it"
    )
    masked: int = Field(
        default=0, ge=0, description="texts and translations with hidden words, to guess beside answering"
    )
    negatives: float = Field(
        default=0.33, ge=0, lt=1, description="share of windows that do not hold the answer"
    )
    near_misses: float = Field(
        default=0.22, ge=0, le=1, description="share of those that ask for another year or name"
    )
    headings: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="share of the windows that have what stands above them, or what they are about",
    )
    noise: float = Field(
        default=0.2, ge=0, le=1, description="share of Chinese windows with punctuation as OCR leaves it"
    )
    held_out: int = Field(
        default=HELD_OUT, ge=0, description="CMRC questions held out, by context; a tenth of other sets"
    )


class Training(Part):
    """How to train. On a GPU use bf16 and large batches; see ``reader-gpu.toml``."""

    batch_tokens: int = Field(default=2_000, ge=64, description="tokens of a batch, padding counted")
    epochs: float = Field(default=1.0, gt=0, description="passes over the windows")
    body_rate: float = Field(
        default=2.5e-4, gt=0, description="peak learning rate of the encoder and the word vectors"
    )
    train_words: bool = Field(
        default=True, description="false keeps the word vectors as they are: faster, and a smaller change"
    )
    head_rate: float = Field(default=8e-4, gt=0, description="peak learning rate of the three outputs")
    warmup_steps: int = Field(
        default=60, ge=1, description="steps to the peak; from there the rate falls linearly"
    )
    weight_decay: float = Field(default=0.01, ge=0)
    dropout: float = Field(
        default=0.0, ge=0, lt=1, description="of the body's layers; for questions that come again and again"
    )
    hidden_tokens: float = Field(
        default=0.0, ge=0, lt=1, description="share of a window's tokens that are hidden, others each time"
    )
    keep_spans: tuple[Source, ...] = Field(
        default=(),
        description="sources on whose windows the start's spans are kept, and only learnt whether they are there",
    )
    relevance_weight: float = Field(
        default=0.5, ge=0, description="of the relevance loss beside the span loss"
    )
    masked_weight: float = Field(
        default=0.3, ge=0, description="of the loss of guessing hidden words beside the span loss"
    )
    pair_width: int = Field(
        default=32,
        ge=0,
        description="numbers of the two vectors whose product tells what begins with what ends",
    )
    new_heads: bool = Field(
        default=False, description="begin with fresh outputs: needed when starting from an embedder"
    )
    precision: str = Field(
        default="auto", pattern="^(auto|fp32|bf16)$", description="auto: bf16 where it is fast"
    )
    compiled: bool = Field(
        default=False,
        description="torch.compile: a quarter faster on a CPU; needs a C++ compiler and train_words = false",
    )
    threads: int = Field(default=2, ge=1, description="CPU threads")
    checkpoint_s: float = Field(default=180.0, ge=0, description="seconds between checkpoints")
    report_steps: int = Field(default=100, ge=1, description="steps between two points of the curves")

    @model_validator(mode="after")
    def _sparse_gradients_are_not_compiled(self) -> Training:
        if self.compiled and self.train_words:
            raise ValueError("compiled needs train_words = false: sparse gradients cannot be compiled")
        return self

    @model_validator(mode="after")
    def _fresh_outputs_have_no_spans_to_keep(self) -> Training:
        if self.keep_spans and self.new_heads:
            raise ValueError("keep_spans needs new_heads = false: fresh outputs have no spans to keep")
        return self


class Evaluation(Part):
    """How much to measure; 0 leaves a set out."""

    spans: int = Field(default=1_000, ge=0, description="questions of each set of spans, at most")
    relevance: int = Field(
        default=300, ge=0, description="CMRC trial questions, gold against the best BM25 wrong one"
    )
    refusals: int = Field(default=150, ge=0, description="NoMIRACL questions, ten passages each")
    questions: str = Field(
        default="../questions/dev.jsonl", description="own questions, relative to the data folder"
    )
    documents: str = Field(default="../seeds", description="what they ask about, relative to the data folder")


class TrainingSettings(Recipe):
    """Everything that decides what the trained reader will be, beside the data."""

    seed: int = 20
    start: str = Field(default="", description="folder of the model to start from; empty: the shipped reader")
    mixture: Mixture = Mixture()
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
