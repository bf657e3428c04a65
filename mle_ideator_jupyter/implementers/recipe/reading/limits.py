"""What no Recipe can do, and what needs no doing."""

from __future__ import annotations

import re

_BEYOND = {
    "oversampling": r"smote\w*|adasyn|over-?sampl\w+|under-?sampl\w+",
    "pretrained language models": r"\bbert\b|\bgpt\b|roberta|distilbert|language model|transformers? (?:model|encoder|network)|sentence[- ](?:transformers?|embeddings?)|word2vec|glove|fasttext|hugging ?face",
    "deep networks": r"tabnet|\blstms?\b|\bgru\b|\brnns?\b|\bcnns?\b|convolution\w*|auto-?encoders?|\bgans?\b|ft-transformer|self-attention|attention mechanism|deep learning|pytorch|keras|tensorflow|\bepochs\b|entity embeddings?|fine-?tun\w+ (?!the (?:hyper|param|current|boost))|pre-?train\w*",
    "embeddings": r"\bumap\b|t-?sne|\bembeddings?\b",
    "earlier rows": r"\blag(?:s|ged)?\b|\brolling\b|moving (?:average|window)|exponential(?:ly)? (?:weighted|smooth\w*)|\bexpanding (?:mean|window)",
    "unlabelled rows": r"pseudo-?label\w*|semi-supervised|self-training|(?:predict|use|label|add) (?:the )?test (?:rows|set|data)",
    "data from outside": r"external (?:data|api|source)|\bdownload\w*|\bapi\b|web scrap\w*|third-party data",
    "these models": r"\blasso\b|elastic[- ]?net\w*|adaboost\w*|(?<!boosted )decision[- ]?trees? (?:classifier|regressor|model)|\bprophet\b|s?arimax?|\bgam\b|\bautogluon\b|\bsymbolic regression",
    "selection by a model": r"recursive feature elimination|\brfe(?:cv)?\b|boruta|permutation importance|\bshap\b|feature importances?",
    "topics": r"\blda\b|topic model\w*|sentiment (?:score|analysis|lexicon)|vader",
    "places": r"haversine|geohash|geocod\w+",
    "weights of rows": r"sample[- _]weights?|focal loss|mixup|distillation|monoton(?:e|ic) constraints?|custom (?:loss|objective)",
}
BEYOND = re.compile("|".join(_BEYOND.values()))
_ASIDE = {
    "a GPU": r"\bgpus?\b|\bcuda\b",
    "other validation folds (the task's splitter makes them)": r"(?:\d+|k)-?\s?fold\b(?!.*(?:inner|cross-?fit|calibrat))|\w*kfold\b|repeated cross-?validation|hold-?out set",
}
FACT = re.compile(
    r"^(?:the |this |these |those |all )?(?:\S+ ){1,3}(?:carr(?:y|ies)|is|are|has|have|contains?|shows?|seems?|may|might|can|will|hold|holds)\b"
)
"""A statement, which asks for nothing."""
NEUTRAL = re.compile(
    r"^(?:and |then |also |finally |next |first |,)*(?:keep\w*|leav\w*|retain\w*|compar\w*|evaluat\w*|re-?evaluat\w*|validat\w*|check\w*|measur\w*|monitor\w*|report\w*|record\w*|verify|ensur\w*|make sure|"
    r"look|inspect|examin\w*|explor\w*|analy[sz]e|submit|retrain|refit|re-?fit|install\w*|import|load|merge back|merge it|invert\w*|turn predictions|return|back-?transform|convert predictions|"
    r"use (?:the |it |them |this )*(?:same|default|new|result\w*|as (?:an? )?(?:additional |new )?features?)|repeat\w*|defin\w*|identify|assess|note|observe|parse|pass|append it|add (?:it|them|this|the result) (?:as|to|back)\b.*|"
    r"(?:fit|train) (?:it|them|both|all|the (?:same |current |existing |new |two |three )?(?:models?|classifier|regressor|pipeline)|on the|everything)\b|predict (?:on|with|the)|"
    r"compute (?:it |them |this )?(?:the )?(?:score|metric|inside|within|out)|do this|do it|this|that|it|these|because|since|so that|which|average their predictions|take the (?:mean|average)\b|average the (?:two|three|\w+) predictions|exponentiate|apply (?:expm1|the inverse|it|them|the same)|let the model|let \w+|round (?:to|the)\b|"
    r"fit (?:the )?(?:scaler|encoder|imputer|transform\w*)\b.*(?:train|fold)|in each fold|per fold|inside|within)\b"
)


def beyond(words: str) -> str | None:
    """Return what of a clause no Recipe can do at all, or None."""
    if not BEYOND.search(words):
        return None
    return next(what for what, said in _BEYOND.items() if re.search(said, words))


def aside(words: str) -> list[str]:
    """Return what a clause says beside what can be done of it."""
    return [name for name, said in _ASIDE.items() if re.search(said, words)]
