"""Addresses of the models, trainings and drift."""

from django.urls import path

from monitoring.views import card, drift, eda, model_version, models, promotion, rule, switch, training, tuning

urlpatterns = [
    path("model/", models.models, name="models"),
    path("model/train", training.start_training, name="start_training"),
    path("model/trainings/<uuid:public_id>/", training.training_page, name="training_page"),
    path("model/<int:number>/", model_version.model_version, name="model_version"),
    path("model/<int:number>/promote", promotion.promotion_page, name="promotion_page"),
    path("model/<int:number>/changes", promotion.work_out_changes, name="work_out_changes"),
    path("model/back", models.roll_back_model, name="roll_back_model"),
    path("model/drift/", drift.drift, name="drift"),
    path("model/data/", eda.eda_report, name="eda_report"),
    path("model/data/make", eda.make_eda_report, name="make_eda_report"),
    path("model/rule", rule.rule, name="rule"),
    path("model/rule/reset", rule.reset_rule, name="reset_rule"),
    path("model/switch", switch.switch_model, name="switch_model"),
    path("model/tuning", tuning.start_tuning, name="start_tuning"),
    path("model/tuning/<uuid:public_id>/", tuning.tuning_page, name="tuning_page"),
    path("model/tuning/<uuid:public_id>/stop", tuning.stop_tuning, name="stop_tuning"),
    path("model/tuning/<uuid:public_id>/train", tuning.train_tuned, name="train_tuned"),
    path("card/<slug:institution>/", card.model_card, name="model_card"),
    path("card/<slug:institution>/<int:number>/", card.model_card_version, name="model_card_version"),
]
