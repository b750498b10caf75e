"""Writes relative-positions.json: the rows that transformers gives the distances of two tokens.

Of each table the distances from -2048 to 2048 at which the row changes, and the row from there on.
Made with torch 2.13 and transformers 5.18: `python generate_relative_positions.py`.
"""

import json
import pathlib

import torch
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

MOST = 2048
# Buckets and reach; the first is that of the published DeBERTa-v3 and mDeBERTa-v3.
TABLES = [
    (256, 512), (256, 1024), (256, 2048), (128, 512), (64, 512), (48, 300), (32, 128), (512, 1024),
    (320, 512), (6, 24), (5, 40), (3, 10), (2, 9), (0, 512), (0, 10),
]

tables = []
for buckets, reach in TABLES:
    distances = torch.arange(-MOST, MOST + 1)
    bucket = make_log_bucket_position(distances, buckets, reach) if buckets > 0 else distances
    span = buckets if buckets > 0 else reach
    rows = torch.clamp(bucket.to(torch.long) + span, 0, 2 * span - 1).tolist()
    changes = [
        [distance, row]
        for distance, row, before in zip(distances.tolist(), rows, [None] + rows)
        if row != before
    ]
    tables.append({"buckets": buckets, "reach": reach, "changes": changes})
text = ",\n".join(json.dumps(table, separators=(",", ":")) for table in tables)
(pathlib.Path(__file__).parent / "relative-positions.json").write_text(f"[\n{text}\n]\n")
