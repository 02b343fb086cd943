"""Captions, the word vocabulary over them, and which caption is true of which picture."""

import random
from collections import Counter
from pathlib import Path

import torch
from subjects import Subject, truths
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

LENGTH = 12
VOCABULARY = 1450
START, END, UNKNOWN, PAD = "[CLS]", "[EOS]", "[UNK]", "[PAD]"
COLOURS: dict[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "black": (22, 22, 24),
    "grey": (150, 150, 155),
    "red": (222, 70, 70),
    "orange": (245, 160, 70),
    "yellow": (250, 222, 110),
    "green": (130, 200, 130),
    "blue": (115, 165, 238),
    "purple": (165, 110, 210),
    "pink": (248, 170, 200),
    "brown": (140, 95, 65),
}
"""Backgrounds by the word that captions use."""
TEMPLATES = ("{}", "{}", "{}", "a {}", "the {}", "a picture of a {}", "a picture of {}", "a photo of a {}")
TEMPLATES += ("an image of a {}", "a drawing of a {}", "an emoji of a {}", "this is a {}", "a picture of the {}")
GROUNDS = ("{} on {} background", "{} on {} background", "{} on a {} background", "{} on {}")


def vocabulary(known: list[Subject]) -> list[str]:
    """Words by use: those of templates, colours and names all, then those of the commonest keywords."""
    words = [w for t in (*TEMPLATES, *GROUNDS) for w in t.replace("{}", "").split()] + [*COLOURS, "gray"]
    words += [w for s in known for text in (*s.names, s.category, s.kind or "") for w in text.split()]
    rest = Counter(w for text, rows in truths(known).items() for w in text.split() for _ in rows)
    return list(dict.fromkeys([*words, *(w for w, _ in rest.most_common())]))[: VOCABULARY - 4]


def build_tokenizer(known: list[Subject]) -> PreTrainedTokenizerFast:
    """Whole words in lower case; whatever it does not know is one [UNK] a word. No digits, signs or accents are kept."""
    words = {word: i for i, word in enumerate([PAD, UNKNOWN, START, *vocabulary(known), END])}
    inner = Tokenizer(models.WordLevel(words, unk_token=UNKNOWN))
    inner.normalizer = normalizers.Sequence(
        [normalizers.NFD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Replace(Regex("'s"), " s")]
    )
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation(behavior="removed")]
    )
    inner.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}", special_tokens=[(START, words[START]), (END, words[END])]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        model_max_length=LENGTH,
        unk_token=UNKNOWN,
        pad_token=PAD,
        bos_token=START,
        eos_token=END,
        model_input_names=["input_ids", "attention_mask"],
    )


class Writer:
    """Random captions of subjects on backgrounds, and their truth."""

    def __init__(self, known: list[Subject], seed: int) -> None:
        self.known, self.rng = known, random.Random(seed)
        self.tokenizer = build_tokenizer(known)
        self.colours = list(COLOURS)
        words = set(self.tokenizer.get_vocab())
        true = {p: rows for p, rows in truths(known).items() if any(w in words for w in p.split())}
        self.place = {phrase: i for i, phrase in enumerate(true)}
        self.true = torch.zeros(len(known), len(true))
        for phrase, rows in true.items():
            self.true[rows, self.place[phrase]] = 1
        self.keywords = [[k for k in s.keywords if k in self.place] for s in known]

    def phrase(self, subject: int) -> str:
        """A name mostly, else a keyword, the kind or the category."""
        about, roll = self.known[subject], self.rng.random()
        if roll < 0.5:
            return self.rng.choice(about.names)
        if roll < 0.75 and self.keywords[subject]:
            return self.rng.choice(self.keywords[subject])
        return self.rng.choice((about.kind or about.category, about.category))

    def dress(self, phrase: str) -> str:
        """The phrase in a template, now and then with a word that nobody knows."""
        text = self.rng.choice(TEMPLATES).format(phrase)
        if self.rng.random() < 0.15:
            text = f"{text} zzz" if self.rng.random() < 0.5 else f"zzz {text}"
        return text

    def names(self) -> torch.Tensor:
        """Token ids of one dressed name of every subject, (subjects, 12)."""
        return self.encode([self.dress(self.rng.choice(s.names)) for s in self.known])

    def captions(self, which: torch.Tensor, ground: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids of a caption a picture, (n, 12), and which caption (column) is true of which picture (row).

        `ground` is the index of the background's colour, -1 where it has no name.
        """
        texts, phrases, said = [], [], []
        for subject, colour in zip(which.tolist(), ground.tolist(), strict=True):
            phrase = self.phrase(subject)
            named = colour >= 0 and self.rng.random() < 0.35
            text = self.dress(phrase)
            if named:
                text = self.rng.choice(GROUNDS).format(text, self.colours[colour])
            texts.append(text)
            phrases.append(self.place[phrase])
            said.append(named)
        same = (ground[:, None] == ground[None, :]) | ~torch.tensor(said)[None, :]
        return self.encode(texts), self.true[which][:, phrases] * same

    def encode(self, texts: list[str]) -> torch.Tensor:
        """Token ids, (n, 12)."""
        made = self.tokenizer(texts, padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt")
        return made.input_ids


def save_tokenizer(known: list[Subject], folder: Path) -> None:
    """Write the tokenizer's files."""
    build_tokenizer(known).save_pretrained(folder)
