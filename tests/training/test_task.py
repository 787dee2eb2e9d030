from monolayer.training.task import seed_of_step


def test_no_two_seeds_steps_or_processes_draw_the_same():
    seeds = {seed_of_step(seed, step, rank) for seed in range(10) for step in range(40) for rank in range(3)}
    assert len({seed % 2**32 for seed in seeds}) == 1200  # torch's generator of a CPU takes the lower half
    assert seed_of_step(3, 7) == seed_of_step(3, 7, rank=0)
