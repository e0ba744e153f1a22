"""Tiny embedders and rerankers with random weights and real tokenizers, written to disk by tests.

Each has the architecture of a well-known family, as its folder on Hugging Face has it: what the family's files
state is stated here, and what they leave out is left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

LETTERS = "abcdefghijklmnopqrstuvwxyz:?.猫狗茶园鱼产吨中国长河"
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<|endoftext|>"]
WIDTH = 16
Family = Literal["xlm-roberta", "bert", "qwen3"]


def tokenizer(family: Family) -> Any:
    """A tokenizer of letters that frames a text, or a pair of texts, as the family's does."""
    from tokenizers import Regex, Tokenizer, normalizers
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    words = {word: n for n, word in enumerate([*SPECIAL, *LETTERS])}
    inner = Tokenizer(WordLevel(words, unk_token="<unk>"))
    inner.normalizer = normalizers.Lowercase()
    inner.pre_tokenizer = Split(Regex(r"\s|\S"), "isolated")
    single, pair, framing = {
        "xlm-roberta": ("<s> $A </s>", "<s> $A </s> </s> $B </s>", ["<s>", "</s>"]),
        "bert": ("<s> $A </s>", "<s> $A </s> $B:1 </s>:1", ["<s>", "</s>"]),
        "qwen3": ("$A <|endoftext|>", "$A $B <|endoftext|>", ["<|endoftext|>"]),
    }[family]
    inner.post_processor = TemplateProcessing(
        single=single, pair=pair, special_tokens=[(token, words[token]) for token in framing]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        bos_token="<s>",
        cls_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        pad_token="<|endoftext|>" if family == "qwen3" else "<pad>",
        unk_token="<unk>",
        padding_side="left" if family == "qwen3" else "right",
        model_max_length=62,
    )


def _sizes() -> dict[str, Any]:
    return {
        "vocab_size": len(SPECIAL) + len(LETTERS),
        "hidden_size": WIDTH,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 64,
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
    }


def write_embedder(
    folder: Path, family: Family, *, pooling: str, prompts: dict[str, str] | None = None, seed: int = 1
) -> Path:
    """Write an embedder with its pooling ("mean", "cls", "lasttoken") and the prompts that its folder states."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel, Qwen3Config, Qwen3Model, XLMRobertaConfig, XLMRobertaModel

    torch.manual_seed(seed)
    body: Any
    if family == "qwen3":
        body = Qwen3Model(Qwen3Config(**_sizes(), num_key_value_heads=1, head_dim=8))
    elif family == "bert":
        body = BertModel(BertConfig(**_sizes()))
    else:
        body = XLMRobertaModel(XLMRobertaConfig(**_sizes()))
    body.save_pretrained(folder)
    tokenizer(family).save_pretrained(folder)
    SentenceTransformer(
        modules=[Transformer(str(folder)), Pooling(WIDTH, pooling_mode=pooling), Normalize()],
        prompts=prompts,
        device="cpu",
    ).save(str(folder))
    return folder


def write_reranker(folder: Path, *, liked: str = "茶", labels: int = 1, weight: float = 8.0) -> Path:
    """Write an XLM-R cross-encoder that scores a pair the higher the more of its letters are ``liked``.

    The layer does nothing, and one number of the state at <s> is the share of liked letters: attention is even,
    values copy what the embedding of the letter says, and the classifier weighs that number alone.
    """
    import torch
    from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification

    torch.manual_seed(1)
    model = XLMRobertaForSequenceClassification(XLMRobertaConfig(**_sizes(), num_labels=labels))
    words = tokenizer("xlm-roberta")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        for name, parameter in model.named_parameters():
            if "LayerNorm.weight" in name:
                parameter.fill_(1)
        roberta: Any = model.roberta
        letters = roberta.embeddings.word_embeddings.weight
        letters[:, 0], letters[:, 1] = 1, -1  # so that normalising leaves a letter's own numbers apart
        for letter in liked:
            number = words.convert_tokens_to_ids(letter)
            letters[number, 2], letters[number, 3] = 1, -1
        attention: Any = roberta.encoder.layer[0].attention
        attention.self.value.weight.copy_(torch.eye(WIDTH))
        attention.output.dense.weight.copy_(torch.eye(WIDTH))
        classifier: Any = model.classifier
        classifier.dense.weight[0, 2] = 1
        classifier.out_proj.weight[:, 0] = weight
        classifier.out_proj.bias.fill_(-weight / 4)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder
