package dev.nunchi.train;

import dev.nunchi.NunchiException;
import dev.nunchi.Reason;
import dev.nunchi.Sha256;
import dev.nunchi.data.Example;
import dev.nunchi.model.DurableFiles;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// The logits that one teacher gave, by text: in memory, and in a file that later runs read.
///
/// The file, `teacher_scores-` with the first digits of the teacher's digest, is a line of ASCII
/// (`nunchi teacher scores 1`, the digest, the number of labels), the number of texts in 4 bytes,
/// for each text the first 16 bytes of the SHA-256 of it and its context and 4 bytes a logit, and
/// the SHA-256 of all that; big endian. It is written whole and moved into place, so that a process
/// that is killed leaves the last one. What stands in its place and is not it is set aside.
///
/// Scores depend on the teacher and the text alone: whatever the order, the split or the seed, and
/// with texts that come or go, none is computed twice.
final class KeptScores implements AutoCloseable {
  private static final String MAGIC = "nunchi teacher scores 1";
  private static final int KEY_BYTES = 2 * Long.BYTES;
  private static final int DIGEST_BYTES = 32;
  private static final int BUFFER_BYTES = 1 << 16;

  /// The first 128 bits of a text's digest.
  record Key(long high, long low) {}

  private final Path file;
  private final byte[] header;
  private final int labels;
  private final boolean readsContext;
  private final MessageDigest sha256 = Sha256.begin();
  private final Map<Key, float[]> logits = new HashMap<>();
  private boolean foreign;
  private boolean saved = true;

  private KeptScores(Path file, Teacher.Description teacher) {
    this.file = file;
    this.labels = teacher.labels().size();
    this.readsContext = teacher.readsContext();
    this.header =
        "%s %s %d\n".formatted(MAGIC, teacher.digest(), labels).getBytes(StandardCharsets.US_ASCII);
  }

  /// The scores that a directory keeps of a teacher; none where it does not exist.
  ///
  /// @param notes told where there is a file that is not read, one sentence
  /// @throws NunchiException `IO_FAILURE` where the file cannot be read, which proves nothing
  static KeptScores in(Path directory, Teacher.Description teacher, Consumer<String> notes) {
    Path file =
        directory.resolve("teacher_scores-%s.dat".formatted(teacher.digest().substring(0, 12)));
    KeptScores kept = new KeptScores(file, teacher);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return kept;
    }
    Optional<String> fault = kept.read();
    if (fault.isPresent()) {
      kept.foreign = true;
      kept.logits.clear();
      notes.accept(
          "%s %s, so the texts are scored anew; it stays under another name"
              .formatted(file, fault.get()));
    }
    return kept;
  }

  Path file() {
    return file;
  }

  /// What a text is known by, its context included where the teacher reads that.
  Key key(Example text) {
    sha256.update(text.text().getBytes(StandardCharsets.UTF_8));
    if (readsContext && text.context() != null) {
      sha256.update((byte) 0);
      sha256.update(text.context().getBytes(StandardCharsets.UTF_8));
    }
    ByteBuffer digest = ByteBuffer.wrap(sha256.digest());
    return new Key(digest.getLong(), digest.getLong());
  }

  Optional<float[]> get(Key text) {
    return Optional.ofNullable(logits.get(text));
  }

  boolean has(Key text) {
    return logits.containsKey(text);
  }

  void put(List<Key> texts, float[][] scores) {
    for (int i = 0; i < scores.length; i++) {
      logits.put(texts.get(i), scores[i]);
    }
    saved = false;
  }

  /// Lets go of the scores in memory, all of which are saved.
  void forget() {
    logits.clear();
  }

  /// Reads the file.
  ///
  /// @return what is wrong with it
  private Optional<String> read() {
    if (!Files.isRegularFile(file)) {
      return Optional.of("is no file");
    }
    try (DigestInputStream digested =
            new DigestInputStream(
                new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES), Sha256.begin());
        DataInputStream in = new DataInputStream(digested)) {
      byte[] begin = in.readNBytes(header.length);
      if (!Arrays.equals(begin, header)) {
        return Optional.of(
            new String(begin, StandardCharsets.ISO_8859_1).startsWith(MAGIC)
                ? "holds the scores of another teacher"
                : "does not hold a teacher's scores");
      }
      return isWhole(in, digested) ? Optional.empty() : Optional.of("is damaged");
    } catch (IOException e) {
      throw new NunchiException(Reason.IO_FAILURE, file + " cannot be read", e);
    }
  }

  /// Takes in what stands behind the first line.
  private boolean isWhole(DataInputStream in, DigestInputStream digested) throws IOException {
    long bytes = Files.size(file) - header.length - Integer.BYTES - DIGEST_BYTES;
    if (bytes < 0) {
      return false;
    }
    int texts = in.readInt();
    if (texts < 0 || bytes != (long) texts * (KEY_BYTES + labels * Float.BYTES)) {
      return false;
    }
    for (int text = 0; text < texts; text++) {
      Key key = new Key(in.readLong(), in.readLong());
      float[] scores = new float[labels];
      for (int label = 0; label < labels; label++) {
        scores[label] = in.readFloat();
      }
      logits.put(key, scores);
    }
    byte[] expected = digested.getMessageDigest().digest();
    digested.on(false);
    return Arrays.equals(in.readNBytes(DIGEST_BYTES), expected);
  }

  /// Writes what is new; the directory is held by this process.
  ///
  /// @throws NunchiException `IO_FAILURE` where it cannot be written; the older file stays
  void save() {
    if (saved) {
      return;
    }
    if (foreign) {
      try {
        Path _ = DurableFiles.setAside(file);
      } catch (IOException e) {
        throw DurableFiles.notWritten(file, e);
      }
      foreign = false;
    }
    DurableFiles.write(file, this::write);
    saved = true;
  }

  private void write(OutputStream to) throws IOException {
    DigestOutputStream digested = new DigestOutputStream(to, Sha256.begin());
    DataOutputStream out = new DataOutputStream(new BufferedOutputStream(digested, BUFFER_BYTES));
    out.write(header);
    out.writeInt(logits.size());
    for (Map.Entry<Key, float[]> text : logits.entrySet()) {
      out.writeLong(text.getKey().high());
      out.writeLong(text.getKey().low());
      for (float logit : text.getValue()) {
        out.writeFloat(logit);
      }
    }
    out.flush();
    to.write(digested.getMessageDigest().digest());
  }

  /// Writes what is new.
  @Override
  public void close() {
    save();
  }
}
