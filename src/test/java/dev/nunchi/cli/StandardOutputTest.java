package dev.nunchi.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StandardOutputTest {
  @Test
  void write_bytes_arriveAsTheyAre() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream stream = new PrintStream(new StandardOutput(bytes), true, StandardCharsets.UTF_8);
    stream.print("눈치");
    stream.write('!');
    stream.flush();
    assertEquals("눈치!", bytes.toString(StandardCharsets.UTF_8));
  }

  @Test
  void write_intoAClosedPipe_passesThroughPrintStreamAndPrintWriter() {
    PrintStream stream =
        new PrintStream(new StandardOutput(failing("Broken pipe")), true, StandardCharsets.UTF_8);
    StandardOutput.Closed ofStream =
        assertThrows(StandardOutput.Closed.class, () -> stream.println("x"));
    assertTrue(ofStream.byReader());
    PrintWriter writer = new PrintWriter(stream, true, StandardCharsets.UTF_8);
    assertThrows(StandardOutput.Closed.class, () -> writer.println("x"));
  }

  @Test
  void write_ontoAFullDisk_isNotTheReadersDoing() {
    StandardOutput out = new StandardOutput(failing("No space left on device"));
    StandardOutput.Closed full = assertThrows(StandardOutput.Closed.class, () -> out.write(1));
    assertFalse(full.byReader());
  }

  private static OutputStream failing(String message) {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        throw new IOException(message);
      }
    };
  }
}
