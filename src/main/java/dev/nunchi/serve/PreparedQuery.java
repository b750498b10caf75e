package dev.nunchi.serve;

import dev.nunchi.infer.Question;

/// A query that has passed every check and is ready to be queued.
///
/// @param arrivedAt [System#nanoTime] when the request came
/// @param call what the access log says of the call that it came in
record PreparedQuery(
    Query query, ServedModel model, Question question, long arrivedAt, CallRecord call) {}
