"""Answer what a file leaves open: what its codes mean, what one row stands for, of what its grades are."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import needs
from students.forms import AnswersForm
from students.models import Upload
from students.uploads import uploads
from students.views.uploads import upload_or_404


@require_http_methods(["GET", "POST"])
@needs("upload_records")
def answer_upload(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show every open question with what was seen, and keep what is answered for this source."""
    upload = upload_or_404(public_id)
    if upload.stage != Upload.Stage.ASKING:
        return redirect("upload_page", public_id=public_id)
    form = AnswersForm(request.POST if request.method == "POST" else None, asked=upload.questions)
    if form.is_bound and form.is_valid():
        answers = form.cleaned_data["answers"]
        try:
            uploads.answer(upload=upload, answers=answers, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except uploads.AnswersRefused as refused:
            form.add_error(None, str(refused))
        except uploads.WrongStage as refusal:
            messages.warning(request, str(refusal))
            return redirect("upload_page", public_id=public_id)
        else:
            return redirect("upload_page", public_id=public_id)
    context = {"upload": upload, "form": form, "sections": list(form.sections())}
    return render(request, "upload_answers.html", context, status=422 if form.errors else 200)
