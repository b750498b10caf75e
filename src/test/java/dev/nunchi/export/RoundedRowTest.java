package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RoundedRowTest {
  @Test
  void number_anyPair_fitsInto16BitsWithTheGreatestInput() {
    for (int first = -140; first <= 140; first++) {
      for (int second = -140; second <= 140; second++) {
        int a = RoundedRow.number(first, second, true);
        int b = RoundedRow.number(second, first, false);
        assertTrue(Math.abs(a) <= 127 && Math.abs(b) <= 127, a + " " + b);
        int sum = 255 * a + 255 * b;
        assertTrue(sum >= Short.MIN_VALUE && sum <= Short.MAX_VALUE, a + " " + b);
        if (Math.abs(first) <= 127 && Math.abs(second) <= 127 && Math.abs(first + second) <= 128) {
          assertEquals(first, a);
          assertEquals(second, b);
        }
      }
    }
  }

  @Test
  void second_anyFirst_fitsInto16BitsWithTheGreatestInput() {
    for (int first = -127; first <= 127; first++) {
      for (int aim = -140; aim <= 140; aim++) {
        int second = RoundedRow.second(aim, first);
        assertTrue(Math.abs(second) <= 127, first + " " + second);
        int sum = 255 * (first + second);
        assertTrue(sum >= Short.MIN_VALUE && sum <= Short.MAX_VALUE, first + " " + second);
        if (Math.abs(aim) <= 127 && Math.abs(first + aim) <= 128) {
          assertEquals(aim, second);
        }
      }
    }
  }

  @Test
  void step_rowsOfALayer_leavesLessErrorThan64Steps() {
    Random random = new Random(3);
    float[] energies = new float[65];
    Arrays.fill(energies, 1);
    double chosen = 0;
    double coarse = 0;
    for (int row = 0; row < 50; row++) {
      float[] numbers = new float[65];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = (float) random.nextGaussian();
      }
      float greatest = 0;
      for (float number : numbers) {
        greatest = Math.max(greatest, Math.abs(number));
      }
      chosen += error(numbers, RoundedRow.step(numbers, energies));
      coarse += error(numbers, greatest / 64);
    }
    assertTrue(chosen < 0.6 * coarse, chosen + " " + coarse);
  }

  @Test
  void step_zeros_areZeros() {
    float[] row = new float[2];
    assertArrayEquals(
        new byte[2],
        RoundedRow.numbers(row, new float[] {RoundedRow.step(row, new float[] {1, 1})}));
  }

  private static double error(float[] numbers, float step) {
    byte[] rounded = RoundedRow.numbers(numbers, new float[] {step});
    double sum = 0;
    for (int i = 0; i < numbers.length; i++) {
      double difference = numbers[i] - rounded[i] * step;
      sum += difference * difference;
    }
    return sum;
  }
}
