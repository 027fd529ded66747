#!/usr/bin/env bash
# Asked about a LightGBM model, shap's TreeExplainer does not explain: it hands on what LightGBM says.
#
# shap_values() of a LightGBM booster without a background sample is `Booster.predict(pred_contrib=True)` without its last
# column, equal to the last bit, and expected_value is that column. So a check of LightGBM's contributions against shap
# checks nothing, unless its own algorithm is asked for (model_type = "internal"), which reads no categorical splits. And
# whoever imports shap for these numbers pays for numba and pyplot: here as much again as importing LightGBM.
#
# It matters here because our trainings imported shap for the figures of importance, and our test of agreement compared
# LightGBM with itself. Now the figures take LightGBM's answer, and the test asks shap's own algorithm and Shapley's formula.
# Seen with Python 3.11, shap 0.51.0, lightgbm 4.7.0, numpy 2.4.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    shap==0.51.0 lightgbm==4.7.0 matplotlib 2>"$folder/pip" || { cat "$folder/pip"; exit 1; }
cd "$folder"
cat >compared.py <<'PYTHON'
import time
import warnings

import numpy as np

warnings.simplefilter("ignore")
begun = time.perf_counter()
import lightgbm

lightgbm_seconds = time.perf_counter() - begun
begun = time.perf_counter()
import shap

print(f"import lightgbm {lightgbm_seconds:.1f} s, then import shap {time.perf_counter() - begun:.1f} s")
print("shap", shap.__version__, "lightgbm", lightgbm.__version__)
chance = np.random.default_rng(1)
x = chance.normal(size=(600, 5))
x[::7, 2] = np.nan
y = (x[:, 0] + 0.5 * np.nan_to_num(x[:, 2]) + chance.normal(size=600) > 0).astype(float)
settings = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 6}
booster = lightgbm.train(settings, lightgbm.Dataset(x, y), num_boost_round=40)
own = booster.predict(x, pred_contrib=True)

handed_on = shap.TreeExplainer(booster)
told = handed_on.shap_values(x)
print("shap's answer equals pred_contrib to the last bit:", np.array_equal(told, own[:, :-1]))
print("and its expected value the last column:", float(handed_on.expected_value) == own[0, -1])

itself = shap.TreeExplainer(booster)
itself.model.model_type = "internal"
computed = itself.shap_values(x, check_additivity=False)
apart = np.abs(computed - own[:, :-1]).max()
print(f"shap's own algorithm: not equal to the bit ({np.array_equal(computed, told)}), {apart:.0e} apart at most")
assert np.array_equal(told, own[:, :-1]), "changed: shap computes by itself now"
assert not np.array_equal(computed, told), "changed: its own algorithm gives the same bits"
assert apart < 1e-5, apart
PYTHON
OMP_NUM_THREADS=1 "$folder/venv/bin/python" compared.py
