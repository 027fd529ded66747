#!/usr/bin/env bash
# LightGBM's two descriptions of one model differ: a threshold that its text calls infinite is 1e300 in its JSON.
#
# A split that only parts missing values from all others has no finite threshold. One expects dump_model() and
# model_to_string() to tell the same tree. The text says "inf", the JSON says 1e+300, so whoever walks the JSON sends
# +infinity to the right, where LightGBM itself sends it to the left, and gets another prediction for that row.
#
# It matters here because contributions are computed by tables made from the model: modeling/core/tree_paths.py reads
# the text, never the JSON, and its tests hold it to LightGBM on rows with infinities.
# Seen with Python 3.11, lightgbm 4.7.0, numpy 2.4.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    lightgbm==4.7.0 2>"$folder/pip" || { cat "$folder/pip"; exit 1; }
cd "$folder"
cat >infinity.py <<'PYTHON'
import re

import lightgbm
import numpy as np

print("lightgbm", lightgbm.__version__)
chance = np.random.default_rng(1)
x = np.where(chance.random(1000) < 0.5, np.nan, chance.normal(size=1000))[:, None]
y = (chance.random(1000) < np.where(np.isnan(x[:, 0]), 0.8, 0.2)).astype(float)
settings = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 2, "seed": 1}
booster = lightgbm.train(settings, lightgbm.Dataset(x, y), num_boost_round=1)
in_text = re.search(r"^threshold=(\S+)", booster.model_to_string(), re.MULTILINE)[1]
root = booster.dump_model()["tree_info"][0]["tree_structure"]
print("threshold in the text:", in_text, "| in the JSON:", root["threshold"])
predicted = booster.predict([[np.inf]], raw_score=True)[0]
walked = root["left_child" if np.inf <= root["threshold"] else "right_child"]["leaf_value"]
print("of +infinity LightGBM predicts", round(float(predicted), 4), "| the JSON leads to", round(walked, 4))
assert float(in_text) == np.inf, "the text no longer says inf"
assert root["threshold"] == 1e300, "the JSON no longer says 1e300"
assert abs(predicted - walked) > 0.1, "both lead to the same leaf now"
PYTHON
"$folder/venv/bin/python" infinity.py
