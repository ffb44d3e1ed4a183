import click
import pytest
from click.testing import CliRunner

from reactor_cli.many import ManyValues


@click.command(cls=ManyValues)
@click.option("-w", "--weights", multiple=True)
@click.option("--models", multiple=True)
@click.option("--force", is_flag=True)
@click.option("-b", "--bucket")
def _command(weights: tuple[str, ...], models: tuple[str, ...], force: bool, bucket: str | None) -> None:
    click.echo(f"{','.join(weights)}|{','.join(models)}|{force}|{bucket}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--weights A B", "A,B||False|None"),
        ("--weights A --weights B", "A,B||False|None"),
        ("--weights=A -w B C", "A,B,C||False|None"),
        ("--weights A B --models c d@1.0.0 --force -b x", "A,B|c,d@1.0.0|True|x"),
        ("-b x --weights A", "A||False|x"),
        ("", "||False|None"),
    ],
)
def test_an_option_takes_what_follows_it(arguments: str, said: str) -> None:
    result = CliRunner().invoke(_command, arguments.split())
    assert result.output.strip() == said


@pytest.mark.parametrize("arguments", ["--weights", "--weights --force", "A --weights B", "--force A"])
def test_a_missing_or_stray_value_is_a_usage_error(arguments: str) -> None:
    assert CliRunner().invoke(_command, arguments.split()).exit_code == 2
