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
  private static final int MOST_FIELDS_OF_A_REQUEST = 32;

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

  /// What is said of a message that is so large that it was not read: `TEXT_TOO_LARGE`.
  NunchiException messageTooLarge() {
    return new NunchiException(
        Reason.TEXT_TOO_LARGE,
        "The message is larger than what is read; at most %d bytes are taken"
            .formatted(maxMessageBytes));
  }

  /// @throws NunchiException `TEXT_TOO_LARGE`
  void checkBody(long bytes) {
    checkSize("body", bytes);
  }

  /// Most fields of a message or body, those of its requests among them: more than the largest
  /// batch has. Each would be an object, and a few MiB hold millions of empty ones.
  int mostFields() {
    return MOST_FIELDS_OF_A_REQUEST * (maxBatchSize + 1);
  }

  /// What is said of more than [#mostFields]: `INVALID_ARGUMENT`.
  ///
  /// @param what it is: `message` or `body`
  NunchiException tooManyFields(String what) {
    return new NunchiException(
        Reason.INVALID_ARGUMENT,
        "The %s has more than %d fields and values, which is more than a batch of %d requests has"
            .formatted(what, mostFields(), maxBatchSize));
  }

  private void checkSize(String what, long bytes) {
    if (bytes > maxMessageBytes) {
      throw new NunchiException(
          Reason.TEXT_TOO_LARGE,
          "The %s has %d bytes; at most %d are taken".formatted(what, bytes, maxMessageBytes));
    }
  }
}
