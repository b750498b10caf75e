package dev.nunchi.serve;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import java.nio.charset.StandardCharsets;

/// What the server refuses before it queues it; see `Limits` of the contract.
record Limits(
    int maxTextBytes,
    int maxBatchSize,
    int maxMessageBytes,
    int maxStreamItemCount,
    int maxStreamCount,
    int maxQueueSize) {

  /// @param field the field that the text came in
  /// @throws NunchiException `TEXT_TOO_LARGE`
  void checkText(String field, String text) {
    // No character has more than three bytes for each of its UTF-16 units.
    if (text.length() <= maxTextBytes / 3) {
      return;
    }
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > maxTextBytes) {
      throw NunchiException.ofField(
          Reason.TEXT_TOO_LARGE,
          field,
          "The %s has %d bytes; at most %d are taken".formatted(field, bytes, maxTextBytes));
    }
  }

  /// @param field the field that holds the requests
  /// @throws NunchiException `INVALID_ARGUMENT` for none or too many
  void checkBatch(String field, int size) {
    if (size < 1 || size > maxBatchSize) {
      throw NunchiException.ofField(
          Reason.INVALID_ARGUMENT,
          field,
          "The batch has %d requests; it takes 1 to %d".formatted(size, maxBatchSize));
    }
  }

  /// @throws NunchiException `TEXT_TOO_LARGE`
  void checkMessage(int bytes) {
    checkSize("message", bytes);
  }

  /// @throws NunchiException `TEXT_TOO_LARGE`
  void checkBody(long bytes) {
    checkSize("body", bytes);
  }

  private void checkSize(String what, long bytes) {
    if (bytes > maxMessageBytes) {
      throw new NunchiException(
          Reason.TEXT_TOO_LARGE,
          "The %s has %d bytes; at most %d are taken".formatted(what, bytes, maxMessageBytes));
    }
  }
}
