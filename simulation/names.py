"""Names that nobody need recognise: invented given and family names, joined at random."""

from __future__ import annotations

from typing import Final

import numpy as np

from simulation.arrays import Ints

_GIVEN_NAMES = (
    "Abrin Adaly Alvo Amelka Andrus Anouli Arlen Asmira Aurin Avelle Bastin Belis Benno Brannic Brisa Cadian "
    "Calyx Carmo Cassin Celwyn Chiran Corliss Dabney Dalin Davor Delphi Denya Dorrit Edlyn Eiran Elisko Emmerin "
    "Enzia Eskil Evania Fabrin Farika Fenna Fioran Gavril Gemmy Gianto Halden Harumi Hedya Ibrahan Idony Ilario "
    "Imara Irvana Isolf Jadran Jalila Jenniver Jomar Jorun Kaelin Kamira Katrice Kenji-Lo Khalen Kirsa Lanwen "
    "Larimar Leocan Linnea-Ro Lorand Lucero Madoc Malika Marisel Matteon Mikela Mirek Nadira Nayeli-An Nevan "
    "Nikolo Noemin Odalis Olwen Orsino Osmara Pavlin Perrin Phuong-Li Quillan Rafika Ramiro Renske Rialto "
    "Rosaline Ruvim Sabela Sancia Selvin Shirin Soraya-El Tamsin Tavian Tierno Tomoe Ulvar Umiko Valora Vesna "
    "Wendel Wilmo Ximeno Yasmeen-Da Yorick Zafira Zelimir Zoltana"
)
_FAMILY_NAMES = (
    "Abernook Adeyolu Aldermoor Almarosa Anselby Arkwell Ashvale Bakarat Barrowden Belmontez Bexfield Birchall "
    "Blackmere Bonavera Brightwater Brunswyck Calderis Campolar Castellane Chandrika Chaudry-Lane Clearbrook "
    "Coldwell Corvaggio Cresthill Czernik Dahlquist Dambreville Delacroy Demirel Dovemont Drummoyne Dusanik "
    "Eastgrove Echevarra Edgeholm Eklundson Everhart Fairlough Farouki Fenwright Fieldmore Fonsecana Foxglen "
    "Galloway-Reed Garzanelli Gilbrook Goldmarsh Greystone Guerrada Haddonfield Halvorsen-Ito Harrowgate Hazelden "
    "Herrandez Hollowell Hyunwoo Ibarrola Inglemoor Iqbalan Islington Jankovar Jardineau Jimbrook Kallisto "
    "Kawamori Kestrelton Kingsmarsh Kowalmik Lakeridge Lancewood Larkspur Leclairmont Lindqvale Lockhurst Lombardo "
    "Macallistor Maplethorpe Marchetta Mbekiri Meadowcroft Mendozar Millhaven Montalbo Nakashiro Nassarin Nettleby "
    "Nguyenda Northcote Novakis Oakhurst Obiorah Okonwen Oldmanor Olmedano Ostrander Palmgren Patelkar Pemberly "
    "Pinehollow Quarrington Quintavo Ravenscar Redwell Rivermont Rosenthorn Rutherglen Saltmarsh Sandovale "
    "Shawbridge Silvercreek Solberge Stonebeck Suarezco Tamarind Thornquist Toivanen Trelawnis Underhill-Vo "
    "Valderrano Vasquelle Volkonin Wakefern Westbrook-Li Whitlocke Winterbourn Wyndale Xavierson Yamadera "
    "Yellowfield Zamorin Zeidman Ziegelbach"
)
_SCHOOL_NAMES = (
    "Alder Beacon Cedar Delta Ember Fairview Granite Harbor Ironwood Juniper Kestrel Lakeside Meadow Northgate "
    "Orchard Prairie Quarry Riverbend Summit Timber Union Valley Willow Yarrow"
)

GIVEN_NAMES: Final = tuple(_GIVEN_NAMES.split())
FAMILY_NAMES: Final = tuple(_FAMILY_NAMES.split())
SCHOOL_NAMES: Final = tuple(_SCHOOL_NAMES.split())


def draw_names(rng: np.random.Generator, n: int) -> tuple[Ints, Ints]:
    """Draw `n` names as indexes into `GIVEN_NAMES` and `FAMILY_NAMES`.

    A name says nothing about group or background, so that no reader of the demo can learn to guess from it.
    """
    given = rng.integers(len(GIVEN_NAMES), size=n, dtype=np.int16)
    return given, rng.integers(len(FAMILY_NAMES), size=n, dtype=np.int16)


def school_name(number: int) -> str:
    """Return the name of the district's school `number`, counted from 0; numbered again after the list is used up."""
    again = number // len(SCHOOL_NAMES)
    name = f"{SCHOOL_NAMES[number % len(SCHOOL_NAMES)]} High School"
    return f"{name} {again + 1}" if again else name
