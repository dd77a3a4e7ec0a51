"""Writes call-share.golden.json: APGR and CPT as pandas and numpy compute them.

Needs numpy 2 and pandas 3. Run: python call-share-golden.py > call-share.golden.json
"""

import json

import numpy as np
import pandas as pd


def measure(routing, weak, strong):
    edges = pd.qcut(pd.Series(routing), 10, retbins=True)[1]
    points = []
    for i, edge in enumerate(edges):
        chosen = routing > edge if i == 10 else routing >= edge
        points.append((chosen.mean(), np.where(chosen, strong, weak).mean()))
    curve = pd.DataFrame(points, columns=["share", "quality"]).sort_values("share")
    low, high = weak.mean(), strong.mean()
    area = np.trapezoid(curve.quality - low, curve.share)
    targets = [low + x * (high - low) for x in (0.2, 0.5, 0.8)]
    return area / (high - low), [np.interp(t, curve.quality, curve.share) for t in targets]


random = np.random.default_rng(11)
cases = []
while len(cases) < 8:
    n = int(random.integers(11, 48))
    digits = 2 if len(cases) % 2 else 3  # With two digits some scores are equal.
    routing = np.round(random.random(n), digits)
    weak = (random.random(n) < 0.4).astype(float)
    strong = np.round(random.random(n), 2)
    if strong.mean() <= weak.mean() or len(np.unique(np.quantile(routing, np.arange(11) / 10))) < 11:
        continue
    apgr, cpt = measure(routing, weak, strong)
    rows = [list(row) for row in zip(routing.tolist(), weak.tolist(), strong.tolist())]
    cases.append({"rows": rows, "apgr": float(apgr), "cpt": [float(c) for c in cpt]})
print("[" + ",\n".join(json.dumps(case) for case in cases) + "]")
