package dev.nunchi.train;

import dev.nunchi.NunchiException;
import dev.nunchi.model.DurableFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.zip.CRC32C;

/// An event file of TensorBoard: [EventMessage]s in the framing of TFRecord.
///
/// A record is the length of its data (eight bytes), a checksum of those eight bytes (four), the
/// data, and a checksum of the data (four); all little-endian. The checksum is CRC-32C, turned
/// right by 15 bits with 0xA282EAD8 added, so that the checksum of data that holds checksums is
/// still a good one.
///
/// TensorBoard reads the files of a directory in the order of their names, which begin with the
/// time of their making. Each begins with a session start, since TensorBoard takes the first one
/// that it sees as a beginning and every later one as a restart that voids the steps from it on. A
/// file is open only while an event is written.
final class EventFile {
  private static final int MASK_DELTA = 0xA282EAD8;

  private final Path directory;
  private final Path path;
  private final long firstStep;
  private final InstantSource clock;

  private EventFile(Path directory, String name, long firstStep, InstantSource clock) {
    this.directory = directory;
    this.path = directory.resolve(name);
    this.firstStep = firstStep;
    this.clock = clock;
  }

  /// A file of a name that is free; made with its first event.
  ///
  /// @param directory made where it does not exist
  /// @param host name of the machine, part of the file's name
  /// @param firstStep the step from which on this file replaces those before it
  static EventFile in(Path directory, String host, long firstStep, InstantSource clock) {
    String stem =
        "events.out.tfevents.%010d.%s."
            .formatted(clock.instant().getEpochSecond(), host.replaceAll("[^\\p{Alnum}.-]", "-"));
    int number = 0;
    while (Files.exists(directory.resolve(stem + number))) {
      number++;
    }
    return new EventFile(directory, stem + number, firstStep, clock);
  }

  Path path() {
    return path;
  }

  /// Appends scalars of one step by their tags.
  ///
  /// @throws NunchiException `IO_FAILURE` where the file cannot be written
  void append(long step, Map<String, Double> scalars) {
    Instant now = clock.instant();
    double wallTime = now.getEpochSecond() + now.getNano() / 1e9;
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    try {
      if (!Files.exists(path)) {
        Files.createDirectories(directory);
        write(records, EventMessage.version(wallTime));
        write(records, EventMessage.sessionStart(wallTime, firstStep));
      }
      write(records, EventMessage.scalars(wallTime, step, scalars));
      Files.write(
          path, records.toByteArray(), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw DurableFiles.notWritten(path, e);
    }
  }

  private static void write(ByteArrayOutputStream records, byte[] data) {
    byte[] length = littleEndian(Long.BYTES).putLong(data.length).array();
    records.writeBytes(length);
    records.writeBytes(littleEndian(Integer.BYTES).putInt(maskedChecksum(length)).array());
    records.writeBytes(data);
    records.writeBytes(littleEndian(Integer.BYTES).putInt(maskedChecksum(data)).array());
  }

  private static int maskedChecksum(byte[] data) {
    CRC32C checksum = new CRC32C();
    checksum.update(data);
    return Integer.rotateRight((int) checksum.getValue(), 15) + MASK_DELTA;
  }

  private static ByteBuffer littleEndian(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
