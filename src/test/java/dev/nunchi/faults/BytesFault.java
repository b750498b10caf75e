package dev.nunchi.faults;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Random;

/// What can be wrong with any file.
public enum BytesFault implements Fault {
  FLIPPED_BIT {
    @Override
    String change(Path file, byte[] bytes, Random random) throws IOException {
      int at = random.nextInt(bytes.length);
      bytes[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(file, bytes);
      return "at " + at;
    }
  },
  FLIPPED_BITS_AT_THE_HEAD {
    @Override
    String change(Path file, byte[] bytes, Random random) throws IOException {
      for (int i = 0; i < 4; i++) {
        bytes[random.nextInt(Math.min(bytes.length, 256))] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(file, bytes);
      return "4 of them";
    }
  },
  FOREIGN_BYTES {
    @Override
    String change(Path file, byte[] bytes, Random random) throws IOException {
      byte[] foreign = new byte[1 + random.nextInt(32)];
      random.nextBytes(foreign);
      int at = random.nextInt(bytes.length);
      System.arraycopy(foreign, 0, bytes, at, Math.min(foreign.length, bytes.length - at));
      Files.write(file, bytes);
      return "%d at %d".formatted(foreign.length, at);
    }
  },
  ZEROS {
    @Override
    String change(Path file, byte[] bytes, Random random) throws IOException {
      int from = random.nextInt(bytes.length);
      Arrays.fill(bytes, from, bytes.length, (byte) 0);
      Files.write(file, bytes);
      return "from " + from;
    }
  },
  TRUNCATED {
    @Override
    String change(Path file, byte[] bytes, Random random) throws IOException {
      int length = random.nextInt(bytes.length);
      Files.write(file, Arrays.copyOf(bytes, length));
      return "to " + length;
    }
  },
  TWICE {
    @Override
    String change(Path file, byte[] bytes, Random random) throws IOException {
      byte[] twice = Arrays.copyOf(bytes, 2 * bytes.length);
      System.arraycopy(bytes, 0, twice, bytes.length, bytes.length);
      Files.write(file, twice);
      return "one after the other";
    }
  },
  EMPTY {
    @Override
    String change(Path file, byte[] bytes, Random random) throws IOException {
      Files.write(file, new byte[0]);
      return "";
    }
  },
  GONE {
    @Override
    String change(Path file, byte[] bytes, Random random) throws IOException {
      Files.delete(file);
      return "";
    }
  },
  ANOTHER_FORMAT {
    @Override
    String change(Path file, byte[] bytes, Random random) throws IOException {
      String text =
          random.nextBoolean()
              ? "<!DOCTYPE html>\n<html><body>404: Not Found</body></html>\n"
              : "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 43943\n"
                  .formatted("4d7a".repeat(16));
      Files.writeString(file, text, StandardCharsets.UTF_8);
      return text.lines().findFirst().orElseThrow();
    }
  },
  DIRECTORY {
    @Override
    String change(Path file, byte[] bytes, Random random) throws IOException {
      Files.delete(file);
      Files.createDirectory(file);
      return "";
    }
  },
  LINK_TO_ITSELF {
    @Override
    String change(Path file, byte[] bytes, Random random) throws IOException {
      Files.delete(file);
      Files.createSymbolicLink(file, file);
      return "";
    }
  },
  /// Nothing is wrong where the super-user runs the test.
  UNREADABLE {
    @Override
    String change(Path file, byte[] bytes, Random random) throws IOException {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
      return "";
    }
  };

  @Override
  public String damage(Path file, Random random) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    // Of an empty file there is nothing to change.
    return this + " " + (bytes.length == 0 ? "" : change(file, bytes, random));
  }

  abstract String change(Path file, byte[] bytes, Random random) throws IOException;
}
