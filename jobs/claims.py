"""Hold a job while working on it: a lease, a fencing token, a heartbeat, an end written with the work's effect."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from jobs.models import Job, State

logger = logging.getLogger(__name__)

# Twenty beats. After a kill nobody can take the job before the lease has run out, and a person waits for it.
LEASE = dt.timedelta(seconds=20)
BEAT_SECONDS = 1.0
FAILURE = "Something went wrong on our side. Nothing was changed. The worker's log has the details."


class LostClaim(Exception):
    """Another worker took the job over; whatever was being done must not be published."""


class Refused(Exception):
    """The work cannot be done with this input; the sentence is fit for the person who asked."""


class Claim:
    """A job in hand. Its token is the attempt number: a later attempt makes it worthless.

    A job queued once more counts its attempts anew, so the moment its first attempt began belongs to the token.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.token = job.attempts
        self._progress = (job.progress_done, job.progress_total, job.progress_note)
        # Done with every beat, on its own connection: what shall be seen before the work's transaction is over.
        self.on_heartbeat: Callable[[], None] = lambda: None

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Say how far the work is; the heartbeat writes it down."""
        self._progress = (done, total, note)

    @contextlib.contextmanager
    def commit_result(self) -> Iterator[None]:
        """Write the work's effect and the job's end in one transaction, or neither.

        :raises LostClaim: if the job was taken over meanwhile
        """
        with transaction.atomic():
            yield
            self._end(State.DONE)

    def beat(self) -> bool:
        """Renew the lease and write the progress; False once the job is no longer ours."""
        now = timezone.now()
        done, total, note = self._progress
        return bool(
            self._mine().update(
                lease_until=now + LEASE,
                heartbeat_at=now,
                progress_done=done,
                progress_total=total,
                progress_note=note[:200],
            )
        )

    def fail(self, sentence: str) -> None:
        """End the job as failed, with a sentence for its page."""
        with contextlib.suppress(LostClaim), transaction.atomic():
            self._end(State.FAILED, error=sentence)

    def _mine(self) -> QuerySet[Job]:
        return Job.objects.filter(
            pk=self.job.pk, state=State.RUNNING, attempts=self.token, started_at=self.job.started_at
        )

    def _end(self, state: State, error: str = "") -> None:
        done, total, note = self._progress
        ended = self._mine().update(
            state=state,
            error=error,
            finished_at=timezone.now(),
            progress_done=done,
            progress_total=total,
            progress_note=note[:200],
        )
        if not ended:
            raise LostClaim


def claim(job_id: int, *, now: dt.datetime) -> Claim | None:
    """Take a job that waits, or whose holder died; None if there is nothing to take."""
    job = Job.objects.select_related("institution").filter(pk=job_id).first()
    if job is None or job.attempts >= job.most_attempts:
        return None
    free = Q(state=State.QUEUED) | Q(state=State.RUNNING, lease_until__lt=now)
    # The attempt number stands in the condition, so of two workers that saw the same row exactly one takes it.
    taken = Job.objects.filter(free, pk=job.pk, attempts=job.attempts).update(
        state=State.RUNNING,
        attempts=job.attempts + 1,
        lease_until=now + LEASE,
        heartbeat_at=now,
        started_at=job.started_at or now,
    )
    if not taken:
        return None
    job.refresh_from_db()
    return Claim(job)


def run_job(*, job_id: int, work: Callable[[Claim], None]) -> None:
    """Claim a job and do its work; every end, good or bad, is written on its row.

    `work` writes its effect within `claim.commit_result()`. What it refuses it raises as `Refused`.
    """
    held = claim(job_id, now=timezone.now())
    if held is None:
        return
    with _heartbeat(held):
        try:
            work(held)
        except Refused as refusal:
            held.fail(str(refusal))
        except LostClaim:
            logger.warning("job %s was taken over by another worker", job_id)
        except (OperationalError, InterfaceError) as error:
            if not _may_pass(error):
                held.fail(FAILURE)
                raise
            # The lease runs out by itself, and the sweeper sends the job again.
            connection.close()
            logger.warning("job %s lost the database and will be tried again", job_id)
        except Exception:
            # The one place that catches everything: the job's page must not wait for ever. The trace goes to the log.
            held.fail(FAILURE)
            raise


def _may_pass(error: OperationalError | InterfaceError) -> bool:
    """Tell whether the database went away or two transactions collided, rather than the work being wrong."""
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state[:2] in ("08", "40") or state in ("57P01", "57P02", "57P03")


@contextlib.contextmanager
def _heartbeat(held: Claim) -> Iterator[None]:
    """Beat from a thread with its own connection, so that progress shows while a transaction is open."""
    stop = threading.Event()

    def keep_beating() -> None:
        is_ours = True
        while is_ours and not stop.wait(BEAT_SECONDS):
            try:
                is_ours = held.beat()
                held.on_heartbeat()
            except DatabaseError:
                # The server may be restarting. The lease outlasts it, and the next beat takes a new connection.
                logger.warning("job %s missed a heartbeat", held.job.pk)
                connection.close()
        connection.close()

    thread = threading.Thread(target=keep_beating, name=f"heartbeat-{held.job.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
