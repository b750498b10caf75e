"""Writes new.tfevents and resumed.tfevents with TensorBoard's own messages and record writer.

Needs tensorboard (2.21.0); run from this folder: python generate_events.py
"""

import math

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

NOW = 1_700_000_000.25


def scalars(step, **values):
    summary = Summary()
    for tag, value in values.items():
        summary.value.add(tag=tag.replace("_", "/", 1), simple_value=value)
    return Event(wall_time=NOW, step=step, summary=summary)


def train(step, loss):
    return scalars(
        step,
        train_loss=loss,
        train_learning_rate=step * 1e-3,
        train_grad_norm=step + 0.5,
        train_epoch=step / 5,
    )


def write(name, first_step, events):
    start = SessionLog(status=SessionLog.START)
    with open(name, "wb") as file:
        writer = RecordWriter(file)
        for event in [
            Event(wall_time=NOW, file_version="brain.Event:2"),
            Event(wall_time=NOW, step=first_step, session_log=start),
            *events,
        ]:
            writer.write(event.SerializeToString())
        writer.flush()


# Three of four texts right, with 0.75 for the label that is predicted: Steps.evaluation.
evaluation = scalars(
    5,
    eval_loss=-(3 * math.log(0.75) + math.log(0.25)) / 4,
    eval_accuracy=0.75,
    eval_macro_f1=(2 / 3 + 0.8) / 2,
    eval_weighted_f1=(2 / 3 + 0.8) / 2,
)
# Losses of steps 1 to 4 are an eighth of their number; every second step is logged.
write("new.tfevents", 0, [train(2, 1.5 / 8), train(4, 3.5 / 8), evaluation])
write("resumed.tfevents", 4, [train(4, 0.25)])
