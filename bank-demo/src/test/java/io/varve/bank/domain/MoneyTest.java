package io.varve.bank.domain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import org.junit.jupiter.api.Test;

class MoneyTest {

  @Test
  void tenth_and_fifth_add_up_without_a_trace() {
    assertThat(Money.of("0.10").plus(Money.of("0.20"))).isEqualTo(Money.of("0.30"));
  }

  @Test
  void it_is_written_with_two_decimals() {
    assertThat(Money.of("7")).hasToString("7.00");
    assertThat(Money.of("-0.5")).hasToString("-0.50");
    assertThat(Money.MAX_BALANCE).hasToString("1000000000000.00");
  }

  @Test
  void a_fraction_of_a_cent_is_no_money() {
    assertThatThrownBy(() -> Money.of("1.005")).isInstanceOf(ArithmeticException.class);
  }

  @Test
  void half_a_cent_of_interest_goes_to_the_even_cent() {
    BigDecimal rate = new BigDecimal("0.05");
    assertThat(Money.of("0.10").times(rate)).isEqualTo(Money.of("0.00")); // 0.005
    assertThat(Money.of("0.30").times(rate)).isEqualTo(Money.of("0.02")); // 0.015
    assertThat(Money.of("0.50").times(rate)).isEqualTo(Money.of("0.02")); // 0.025
    assertThat(Money.of("0.52").times(rate)).isEqualTo(Money.of("0.03")); // 0.026
  }

  @Test
  void doubles_tell_the_largest_balances_apart() {
    double largest = Money.MAX_BALANCE.toBigDecimal().doubleValue();
    double nextLargest = Money.MAX_BALANCE.minus(new Money(1)).toBigDecimal().doubleValue();
    assertThat(largest).isNotEqualTo(nextLargest);
  }
}
