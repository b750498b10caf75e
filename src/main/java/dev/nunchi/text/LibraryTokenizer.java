package dev.nunchi.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.nunchi.NunchiException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/// Hugging Face's own tokenizer of a file, which is opened when the first text needs it, and with
/// it the native library: whoever never asks has neither. It does not cut and does not pad,
/// whatever the file says.
///
/// Safe for many threads. [#close] waits for the encodings under way; calls after it fail with
/// [IllegalStateException].
final class LibraryTokenizer implements AutoCloseable {
  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "false", "padding", "false");

  private final TokenizerFile file;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private volatile @Nullable HuggingFaceTokenizer opened;
  private volatile boolean closed;

  LibraryTokenizer(TokenizerFile file) {
    this.file = file;
  }

  /// @param context null for none
  /// @throws NunchiException `INVALID_MODEL` where the library does not take the file, or the
  ///   tokenizer's parts do not fit together, as where its token for the unknown is not in its
  ///   vocabulary: it says so at the first text that needs them. `IO_FAILURE` or `UNAVAILABLE`
  ///   where the library cannot be unpacked or loaded; the next call tries again
  Encoding encode(String text, @Nullable String context) {
    lock.readLock().lock();
    try {
      requireOpen();
      HuggingFaceTokenizer there = opened;
      return encode(there == null ? open() : there, text, context);
    } finally {
      lock.readLock().unlock();
    }
  }

  private Encoding encode(HuggingFaceTokenizer tokenizer, String text, @Nullable String context) {
    try {
      return context == null ? tokenizer.encode(text) : tokenizer.encode(text, context);
    } catch (RuntimeException e) {
      throw TokenizerFile.damaged(
          file.path(), "is a tokenizer that fails: " + String.valueOf(e.getMessage()), e);
    }
  }

  /// Of threads that come at once, one opens it and the others wait.
  private synchronized HuggingFaceTokenizer open() {
    HuggingFaceTokenizer there = opened;
    if (there == null) {
      TokenizerLibrary.load();
      try {
        there =
            HuggingFaceTokenizer.newInstance(
                new ByteArrayInputStream(file.json().getBytes(StandardCharsets.UTF_8)), OPTIONS);
      } catch (IOException | RuntimeException e) {
        throw TokenizerFile.damaged(
            file.path(), "is not a tokenizer of Hugging Face tokenizers", e);
      }
      opened = there;
    }
    return there;
  }

  /// @throws IllegalStateException after [#close]
  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the encoder is closed");
    }
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      closed = true;
      HuggingFaceTokenizer there = opened;
      if (there != null) {
        there.close();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
