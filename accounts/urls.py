"""Addresses of the people of an institution."""

from django.urls import path

from accounts.views import people, person, welcome

urlpatterns = [
    path("people/", people.people, name="people"),
    path("people/<uuid:public_id>/", person.person_page, name="person_page"),
    path("people/<uuid:public_id>/role", person.give_role, name="give_role"),
    path("people/<uuid:public_id>/link", person.make_link, name="make_link"),
    path("people/roles/<uuid:public_id>/end", person.end_role, name="end_role"),
    path("work-as/<uuid:public_id>", person.work_as, name="work_as"),
    path("welcome/<uuid:uidb64>/<str:token>/", welcome.Welcome.as_view(), name="welcome"),
]
