package dev.nunchi.serve;

import dev.nunchi.infer.Question;

/// A query that has passed every check and is ready to be queued.
///
/// @param arrivedAt [System#nanoTime] when the request came
record PreparedQuery(Query query, ServedModel model, Question question, long arrivedAt) {}
