package dev.nunchi.serve;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// `BatchClassifyRequest` and `BatchClassifyResponse` of the contract as JSON.
final class JsonBatch {
  private JsonBatch() {}

  record Requests(@Nullable List<@Nullable JsonRequest> requests) {
    /// None where the field is null or missing.
    List<@Nullable JsonRequest> all() {
      return requests == null ? List.of() : requests;
    }
  }

  /// @param request null, which has the defaults of every field
  static Query query(@Nullable JsonRequest request) {
    return (request == null ? JsonRequest.EMPTY : request).query();
  }

  record Answers(List<JsonAnswer> responses) {}
}
