package dev.nunchi.export;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ErrorFeedbackTest {
  private static final int OUT = 24;
  private static final int SEEN = 400;

  private final Random random = new Random(5);

  /// Channels that go together: what one lacks the others can give. As many as an odd number has.
  @Test
  void numbers_channelsThatGoTogether_leaveLessThanHalfTheErrorForRowsNotSeen() {
    int width = 47;
    float[] mixing = numbers(6 * width, 1);
    float[] weight = numbers(OUT * width, 0.2);
    float[] steps = steps(weight, width);
    byte[] fed = new ErrorFeedback(rows(SEEN, mixing, width), width).numbers(weight, steps);
    float[] others = rows(200, mixing, width);
    double plain = error(others, weight, RoundedRow.numbers(weight, steps), steps);
    double error = error(others, weight, fed, steps);
    assertTrue(error < 0.5 * plain, error + " against " + plain);
    assertPairsFit(fed, width);
  }

  /// Without anything between the channels there is nothing to make up for.
  @Test
  void numbers_oneChannelAtATime_arePlain() {
    int width = 10;
    float[] rows = new float[width * width];
    for (int i = 0; i < width; i++) {
      rows[i * width + i] = 1 + i;
    }
    float[] weight = numbers(OUT * width, 1);
    float[] steps = steps(weight, width);
    assertArrayEquals(
        RoundedRow.numbers(weight, steps), new ErrorFeedback(rows, width).numbers(weight, steps));
  }

  @Test
  void numbers_inputsOfZeros_arePlain() {
    int width = 10;
    float[] weight = numbers(OUT * width, 1);
    float[] steps = steps(weight, width);
    assertArrayEquals(
        RoundedRow.numbers(weight, steps),
        new ErrorFeedback(new float[3 * width], width).numbers(weight, steps));
  }

  private static void assertPairsFit(byte[] numbers, int width) {
    for (int row = 0; row < numbers.length / width; row++) {
      for (int column = 0; column + 1 < width; column += 2) {
        int sum = numbers[row * width + column] + numbers[row * width + column + 1];
        assertTrue(Math.abs(sum) <= RoundedRow.MOST_PAIR, "%d in row %d".formatted(sum, row));
      }
    }
  }

  private static float[] steps(float[] weight, int width) {
    float[] ones = new float[width];
    Arrays.fill(ones, 1);
    float[] steps = new float[OUT];
    for (int row = 0; row < OUT; row++) {
      steps[row] =
          RoundedRow.step(Arrays.copyOfRange(weight, row * width, (row + 1) * width), ones);
    }
    return steps;
  }

  private static double error(float[] rows, float[] weight, byte[] numbers, float[] steps) {
    int width = weight.length / OUT;
    double sum = 0;
    for (int row = 0; row < rows.length / width; row++) {
      for (int out = 0; out < OUT; out++) {
        double difference = 0;
        for (int i = 0; i < width; i++) {
          int at = out * width + i;
          difference += rows[row * width + i] * (weight[at] - numbers[at] * steps[out]);
        }
        sum += difference * difference;
      }
    }
    return sum;
  }

  /// Six causes behind all channels, and a little of each channel's own.
  private float[] rows(int count, float[] mixing, int width) {
    float[] rows = numbers(count * width, 0.1);
    for (int row = 0; row < count; row++) {
      float[] causes = numbers(6, 1);
      for (int i = 0; i < width; i++) {
        for (int cause = 0; cause < 6; cause++) {
          rows[row * width + i] += causes[cause] * mixing[cause * width + i];
        }
      }
    }
    return rows;
  }

  private float[] numbers(int count, double size) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) (size * random.nextGaussian());
    }
    return numbers;
  }
}
